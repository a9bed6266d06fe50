# SPDX-License-Identifier: EUPL-1.2
#
# A receiver of callbacks, written from the published words alone: one request over HTTPS, judged by Python's hmac.
#
#   callback_receiver.py CERTIFICATE KEY SECRET NOW      says its port, then what it thinks of the request
import hashlib
import hmac
import http.server
import json
import ssl
import sys

certificate, key, secret, now = sys.argv[1:]


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        timestamp = self.headers['callback-timestamp']
        right = hmac.new(secret.encode(), timestamp.encode() + b'.' + body, hashlib.sha512).hexdigest()
        genuine = hmac.compare_digest(right, self.headers['callback-authentication']) and abs(int(now) - int(timestamp)) <= 300
        self.send_response(204 if genuine else 401)
        self.send_header('Content-Length', '0')
        self.end_headers()
        print('genuine' if genuine else 'forged', self.path, json.loads(body)['type'], flush=True)

    def log_message(self, *arguments):
        pass


server = http.server.HTTPServer(('127.0.0.1', 0), Receiver)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.handle_request()
