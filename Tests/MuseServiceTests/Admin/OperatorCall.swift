// What the tests of the operator's methods share.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseService

extension ContentHouse {
    var admin: any AdminMethods { service.methods.admin }

    /// A call over the operator's socket.
    func operatorCall(_ method: MethodID, key: String? = nil) -> Call {
        service.endPass()
        var meta = Meta()
        meta.idempotencyKey = key
        return Call(
            method: method, peer: Peer(id: 3, transport: .admin, address: .ipv4(0x7F00_0001)),
            meta: meta, arrivedAt: 0)
    }
}
