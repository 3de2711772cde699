// The service's security room: the key ring's folder. Called by KeyRing alone.
internal import MuseBase
internal import MuseCrypto
internal import MuseJSON

/// A key and its times.
struct StoredKey: Sendable {
    let key: SigningKey
    let createdAt: Timestamp
    var signsFrom: Timestamp
    /// When another takes over; nil until that is known.
    var signsUntil: Timestamp?
    /// When the last token that it can have signed has expired; nil as long as `signsUntil`.
    var verifiesUntil: Timestamp?

    var keyID: String { key.keyID }

    func hasEnded(at now: Timestamp) -> Bool {
        if let verifiesUntil { verifiesUntil <= now } else { false }
    }

    func signs(at now: Timestamp) -> Bool {
        guard signsFrom <= now else { return false }
        if let signsUntil { return now < signsUntil } else { return true }
    }
}

/// All keys of a ring.
struct KeyList: Sendable {
    /// How many ids of ended keys are remembered.
    private static let goneMax = 1_000

    var keys: [StoredKey] = []
    /// The ids of keys that have been retired or have ended, the last ones: a file of theirs is
    /// never used again.
    private(set) var gone: [String] = []

    init(keys: [StoredKey] = [], gone: [String] = []) {
        self.keys = keys
        self.gone = gone
    }

    /// Adds a key that signs from `start`; whichever signed until then ends `tokenMilliseconds`
    /// later.
    mutating func add(
        _ key: SigningKey, createdAt: Timestamp, signsFrom start: Timestamp,
        tokenMilliseconds: Int64
    ) {
        for index in keys.indices where keys[index].signsUntil == nil {
            keys[index].signsUntil = start
            keys[index].verifiesUntil = start + tokenMilliseconds
        }
        keys.append(StoredKey(key: key, createdAt: createdAt, signsFrom: start))
    }

    mutating func remove(where isGone: (StoredKey) -> Bool) {
        gone.append(contentsOf: keys.filter(isGone).map(\.keyID))
        gone.removeFirst(max(0, gone.count - Self.goneMax))
        keys.removeAll(where: isGone)
    }
}

/// `KID.pem` files and `state.json`.
///
/// The order of steps makes every crash harmless. A key's file is written before the list names it:
/// a file that the list does not name was not published, and is taken up as a new key. A key leaves
/// the list before its file is deleted, and its id stays in the list's `gone`: a file of such a key
/// (left by a crash, or put back from a copy) is deleted, never used.
struct KeyStore: Sendable {
    private static let stateName = "state.json"
    private static let keySuffix = ".pem"
    private static let stateBytesMax = 1 << 20

    let folder: String
    let publicationMilliseconds: Int64
    /// How long a key verifies after it has signed its last token.
    let tokenMilliseconds: Int64

    // MARK: Loading

    /// A key whose file is there, and whom no list names.
    private struct Stray {
        let key: SigningKey
        let modified: Timestamp
    }

    /// Reads all keys; makes the folder if it is not there.
    func load(_ now: Timestamp) throws(KeyFileError) -> KeyList {
        try PrivateFiles.ensureFolder(folder)
        let names = try PrivateFiles.names(in: folder)
        for name in names where name.hasPrefix(".") && name.hasSuffix(PrivateFiles.draftSuffix) {
            try PrivateFiles.remove(name, in: folder)
        }
        let listed = try names.contains(Self.stateName) ? readState() : nil
        let gone = listed?.gone ?? []
        var keys: [StoredKey] = []
        var strays: [Stray] = []
        for name in names where name.hasSuffix(Self.keySuffix) {
            let keyID = String(name.dropLast(Self.keySuffix.count))
            if gone.contains(keyID) {
                try PrivateFiles.remove(name, in: folder)
                continue
            }
            let (key, modified) = try readKey(name, keyID)
            if let times = listed?.keys.first(where: { $0.keyID == keyID }) {
                keys.append(
                    StoredKey(
                        key: key, createdAt: times.createdAt, signsFrom: times.signsFrom,
                        signsUntil: times.signsUntil, verifiesUntil: times.verifiesUntil))
            } else {
                strays.append(Stray(key: key, modified: min(modified, now)))
            }
        }
        for times in listed?.keys ?? [] where !keys.contains(where: { $0.keyID == times.keyID }) {
            // Where its tokens have all expired, nobody misses it.
            if let until = times.verifiesUntil, until <= now { continue }
            throw KeyFileError(path: path(times.keyID), kind: .missing)
        }
        var list = KeyList(keys: keys, gone: gone)
        if !strays.isEmpty {
            adopt(strays, &list, isListLost: listed == nil, now)
            try write(list)
        }
        return list
    }

    /// Takes up keys that no list names. Where there is no list at all, each has signed since its
    /// file was written, until the next one's was; beside a list they are new, and sign once they
    /// have been published.
    private func adopt(
        _ strays: [Stray], _ list: inout KeyList, isListLost: Bool, _ now: Timestamp
    ) {
        for stray in strays.sorted(by: { $0.modified < $1.modified }) {
            list.add(
                stray.key, createdAt: stray.modified,
                signsFrom: isListLost ? stray.modified : now + publicationMilliseconds,
                tokenMilliseconds: tokenMilliseconds)
        }
    }

    private func readKey(
        _ name: String, _ keyID: String
    ) throws(KeyFileError) -> (SigningKey, Timestamp) {
        let path = folder + "/" + name
        var (bytes, modified) = try PrivateFiles.read(path, bytesMax: 4_096)
        defer { bytes.wipe() }
        guard let key = try? SigningKey(pem: bytes.span) else {
            throw KeyFileError(path: path, kind: .noKey)
        }
        guard key.keyID == keyID else {
            throw KeyFileError(path: path, kind: .wrongName(keyID: key.keyID))
        }
        return (key, Timestamp(milliseconds: modified))
    }

    // MARK: The list

    private struct Listed {
        struct Times {
            let keyID: String
            let createdAt: Timestamp
            let signsFrom: Timestamp
            let signsUntil: Timestamp?
            let verifiesUntil: Timestamp?
        }

        var keys: [Times] = []
        var gone: [String] = []
    }

    private func readState() throws(KeyFileError) -> Listed {
        let path = folder + "/" + Self.stateName
        let malformed = KeyFileError(path: path, kind: .malformedState)
        let bytes = try PrivateFiles.read(path, bytesMax: Self.stateBytesMax).bytes
        guard let json = try? JSONValue(bytes.span, depthMax: 8), json["version"]?.int == 1,
            let keys = json["keys"]?.array, let gone = json["gone"]?.array
        else { throw malformed }
        var listed = Listed()
        for key in keys {
            guard let keyID = key["kid"]?.string, let created = time(key["created_at"]),
                let signs = time(key["signs_from"]), let last = key["signs_until"],
                let until = key["verifies_until"], last.isNull || time(last) != nil,
                until.isNull || time(until) != nil, last.isNull == until.isNull,
                !listed.keys.contains(where: { $0.keyID == keyID })
            else { throw malformed }
            listed.keys.append(
                Listed.Times(
                    keyID: keyID, createdAt: created, signsFrom: signs, signsUntil: time(last),
                    verifiesUntil: time(until)))
        }
        for keyID in gone {
            guard let keyID = keyID.string else { throw malformed }
            listed.gone.append(keyID)
        }
        return listed
    }

    private func time(_ value: JSONValue?) -> Timestamp? {
        value?.string.flatMap { Timestamp($0) }
    }

    /// Writes the list, one key a line.
    func write(_ list: KeyList) throws(KeyFileError) {
        var json = JSONWriter()
        json.raw("{\"version\":1,\"keys\":[")
        for (index, key) in list.keys.enumerated() {
            json.raw(index == 0 ? "\n{\"kid\":" : ",\n{\"kid\":")
            json.string(key.keyID)
            json.raw(",\"created_at\":")
            json.string(key.createdAt.description)
            json.raw(",\"signs_from\":")
            json.string(key.signsFrom.description)
            json.raw(",\"signs_until\":")
            write(key.signsUntil, into: &json)
            json.raw(",\"verifies_until\":")
            write(key.verifiesUntil, into: &json)
            json.byte(UInt8(ascii: "}"))
        }
        json.raw("],\n\"gone\":[")
        for (index, keyID) in list.gone.enumerated() {
            if index > 0 { json.byte(UInt8(ascii: ",")) }
            json.string(keyID)
        }
        json.raw("]}\n")
        let text = Array(json.string().utf8)
        try PrivateFiles.write(text.span, to: Self.stateName, in: folder)
    }

    private func write(_ time: Timestamp?, into json: inout JSONWriter) {
        if let time { json.string(time.description) } else { json.null() }
    }

    // MARK: Keys

    private func path(_ keyID: String) -> String {
        folder + "/" + keyID + Self.keySuffix
    }

    /// Writes a key's file.
    func add(_ key: SigningKey) throws(KeyFileError) {
        try key.withPEM { pem throws(KeyFileError) in
            try PrivateFiles.write(pem, to: key.keyID + Self.keySuffix, in: folder)
        }
    }

    /// Deletes the files of keys that have gone, where there still are any.
    func removeFiles(of gone: [String]) throws(KeyFileError) {
        for name in try PrivateFiles.names(in: folder) where name.hasSuffix(Self.keySuffix) {
            let keyID = String(name.dropLast(Self.keySuffix.count))
            if gone.contains(keyID) { try remove(keyID) }
        }
    }

    /// Deletes a key's file.
    func remove(_ keyID: String) throws(KeyFileError) {
        try PrivateFiles.remove(keyID + Self.keySuffix, in: folder)
    }
}
