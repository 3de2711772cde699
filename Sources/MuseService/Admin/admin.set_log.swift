// The rules' room: `admin.set_log`.
internal import MentalMuseProtocol
internal import MuseRPC

extension AdminHandlers {
    /// Changes what is logged of requests, until the next start.
    func setLog(_ params: AdminSetLogParams, _ call: Call) throws(RPCError) -> RequestLog {
        try checkOperator(call)
        shared.control.setRequestLog(params.requests)
        return RequestLog(requests: params.requests)
    }
}
