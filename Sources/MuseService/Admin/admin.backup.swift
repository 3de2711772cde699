// The rules' room: `admin.backup`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension AdminHandlers {
    /// Copies the live database and the keys into a new folder, for its owner alone.
    func backup(_ params: AdminBackupParams, _ call: Call) async throws(RPCError) -> Backup {
        try checkOperator(call)
        let shared = shared
        do throws(BackupFailure) {
            try BackupFolder.make(params.path)
        } catch .exists {
            throw RPCError.alreadyExists(field: "path")
        } catch {
            throw Self.unavailable(error)
        }
        do {
            try await shared.writer.backup(to: params.path + "/" + BackupFolder.database)
            let bytes = try BackupFolder.finish(
                params.path, from: shared.configuration.dataFolder)
            audit("admin.backup", "")
            return Backup(path: params.path, bytes: bytes)
        } catch {
            throw Self.unavailable(error)
        }
    }

    private static func unavailable(_ error: any Error) -> RPCError {
        RPCError.unavailable(retryAfterMs: 1_000, outcome: "none").because("\(error)")
    }
}
