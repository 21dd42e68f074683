// The least that could stand in an agent's place: dials the same socket, serves HTTP/2 on it and sends each request's
// body back. Runs inside a container that has nothing of ours but this file, so it imports only Node's own modules.
import { createServer } from 'node:http2';
import { connect } from 'node:net';

const server = createServer();
server.on('stream', (stream) => {
  stream.respond({ ':status': 200 });
  stream.pipe(stream);
});

const socket = connect(process.argv[2]!);
socket.once('connect', () => server.emit('connection', socket));
