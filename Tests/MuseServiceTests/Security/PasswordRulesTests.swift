// Passwords that are too easily guessed.
internal import MuseBase
internal import MuseService
internal import Testing

@Suite struct PasswordRulesTests {
    func broken(_ password: String, _ username: String = "someone_else") -> [PasswordRule] {
        PasswordRules.broken(by: password, username: username)
    }

    static let common = [
        "1234567890", "0987654321", "qwertyuiop", "password123", "Password123", "PASSWORD12",
        "password1!",
        "P@ssw0rd123", "p@ssw0rd12", "1q2w3e4r5t", "1qaz2wsx3edc", "q1w2e3r4t5", "qazwsxedc123",
        "zaq12wsxcde3",
        "iloveyou123", "iloveyou12", "iloveyou4ever", "basketball", "volleyball", "football123",
        "1111111111",
        "0000000000", "aaaaaaaaaa", "1212121212", "123123123123", "abcabcabca", "abcdefghij",
        "zyxwvutsrq",
        "passwordpassword", "letmein123", "welcome123", "welcome2024", "Summer2024!",
        "Winter2023!!", "admin12345",
        "administrator", "qwerty12345", "qwerty123456", "qwertyqwerty", "asdfghjkl123",
        "1234qwerasdf", "12345qwert",
        "qwert12345", "monkey12345", "dragon12345", "michael1234", "jennifer123", "ashley2001",
        "charlie123",
        "superman123", "batman12345", "starwars123", "pokemon123", "liverpool1", "manchester",
        "chelsea123",
        "barcelona1", "realmadrid", "princess123", "sunshine123", "butterfly1", "chocolate1",
        "strawberry",
        "christopher", "elizabeth1", "alexander1", "september1", "computer123", "internet123",
        "microsoft1",
        "samsung123", "google1234", "facebook123", "changeme123", "secret1234", "trustno1trustno1",
        "correcthorsebatterystaple",
        "9876543210", "1122334455", "1029384756", "147258369147", "12345678910", "123456789a",
        "a123456789",
        "123456789q", "qwe123qwe123", "iloveyousomuch", "loveyouforever", "jesuschrist",
        "godisgood1", "fuckyou123",
        "azerty12345", "motdepasse1", "passwort123", "contrasena1", "woaini1314520", "ilovenick1",
        "harrypotter",
        "minecraft123", "blink182182", "lockdown2020".replacing("lockdown", with: "sunshine"),
        String(repeating: "a", count: 256), String(repeating: "abcde", count: 40),
    ]

    @Test("a password that everybody tries first is common", arguments: common)
    func isCommon(_ password: String) {
        #expect(broken(password) == [.common])
        #expect(broken(password.uppercased()) == [.common])
    }

    @Test(
        "the commonest that no rule makes are common too",
        arguments: ["greedisgood", "motherlode", "astalavista", "montecarlo", "Cheerleaers"])
    func isRanked(_ password: String) {
        #expect(broken(password) == [.common])
    }

    static let fine = [
        "greedisgoof", "montecarlos", "astalavist4",
        "correct horse battery 7", "wrong donkey accumulator 8", "kT8#vWq2Lm", "xkcd-936-staple",
        "pelican umbrella fjord",
        "ein langer Satz mit Punkt.", "mwzqpfhdkj", "8203947561", "Tr0ub4dor&3x", "žluťoučký kůň",
        "密码很长很长很长",
        String(repeating: "long and longer, ", count: 15),
    ]

    @Test("a password of its own is not common", arguments: fine)
    func isFine(_ password: String) {
        #expect(broken(password) == [])
    }

    @Test("random passwords of ten characters break no rule")
    func random() {
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        let random = RandomSource.seeded(7)
        for _ in 0..<500 {
            let password = String(
                (0..<10).map { _ in letters[Int(random.uint64() % UInt64(letters.count))] })
            #expect(broken(password) == [])
        }
    }

    @Test("a password that contains the username is refused, whatever the case")
    func username() {
        #expect(broken("xK9#ada_lovelace!", "ada_lovelace") == [.username])
        #expect(broken("xK9#ADA_Lovelace!", "Ada_LOVELACE") == [.username])
        #expect(broken("ada_lovelace", "ada_lovelace") == [.username])
        #expect(broken("ada_lovelac", "ada_lovelace") == [])
        #expect(broken("kaboboxyz-7#q", "bob") == [.username])
        #expect(broken("kT8#vWq2Lm", "") == [])
    }

    @Test("both rules are told, in their order")
    func both() {
        #expect(broken("Michael1234", "michael") == [.common, .username])
    }

    @Test("bytes of any kind are judged without a trap")
    func anyBytes() {
        for length in [0, 1, 2, 9, 10, 11, 64, 65, 256] {
            for byte in [0, 0x40, 0x80, 0xFF] as [UInt8] {
                let password = [UInt8](repeating: byte, count: length)
                _ = PasswordRules.broken(
                    by: String(decoding: password, as: UTF8.self), username: "abc")
                var mixed = password
                for index in mixed.indices {
                    mixed[index] = UInt8(truncatingIfNeeded: index &* 37) ^ byte
                }
                _ = PasswordRules.broken(
                    by: String(decoding: mixed, as: UTF8.self), username: "abc")
            }
        }
    }
}
