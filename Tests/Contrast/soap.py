"""The SOAP 1.2 envelopes that an operation would need: composed, not captured, for nothing here
speaks SOAP. The operation and its result become elements of one namespace, the token a header."""
from xml.sax.saxutils import escape

SPACE = "urn:mentalmuse:1"
ENVELOPE = ('<?xml version="1.0" encoding="utf-8"?>\n'
            '<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope">'
            "%s<env:Body>%s</env:Body></env:Envelope>")
SECURITY = ('<env:Header><m:access_token xmlns:m="%s" env:mustUnderstand="true">%%s'
            "</m:access_token></env:Header>" % SPACE)


def element(name, value):
    """A value of JSON as an element; null as XML Schema's nil."""
    tag = "m:" + name
    if value is None:
        return "<%s xsi:nil=\"true\"/>" % tag
    if isinstance(value, dict):
        inside = "".join(element(key, one) for key, one in value.items())
    elif isinstance(value, list):
        inside = "".join(element("item", one) for one in value)
    elif isinstance(value, bool):
        inside = "true" if value else "false"
    else:
        inside = escape(str(value))
    return "<%s>%s</%s>" % (tag, inside, tag)


def body(name, value):
    spaces = ' xmlns:m="%s" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' % SPACE
    text = element(name, value)
    mark = len("<m:" + name)
    return text[:mark] + spaces + text[mark:]


def request(method, params, token):
    name = method.replace(".", "_")
    header = SECURITY % token if token else ""
    text = ENVELOPE % (header, body(name, params))
    return ("POST /soap HTTP/1.1\r\nHost: localhost\r\n"
            'Content-Type: application/soap+xml; charset=utf-8; action="%s:%s"\r\n'
            "Content-Length: %d\r\n\r\n%s" % (SPACE, name, len(text.encode()), text)).encode()


def answer(method, result, date):
    text = ENVELOPE % ("", body(method.replace(".", "_") + "_response", result))
    return ("HTTP/1.1 200 OK\r\n%s\r\nContent-Type: application/soap+xml; charset=utf-8\r\n"
            "Content-Length: %d\r\n\r\n%s" % (date, len(text.encode()), text)).encode()
