// Sets up WebSockets on the server: sizes, the sub-protocol, and the end of all of them when the service stops.
import websocket from '@fastify/websocket';
import type { ApiServer } from '../api-server.ts';
import type { ApiParts } from '../options.ts';
import { closeCodes } from './close-codes.ts';
import { liveProtocol } from './live-socket.ts';

/** How long clients may take to answer the close when the service stops. */
const goodbyeMsMax = 2_000;

export async function installSockets(
  server: ApiServer,
  { clock, settings }: ApiParts,
): Promise<void> {
  await server.register(websocket, {
    options: {
      // Twice what is accepted: a message that is a little too long is told so, one that is absurd ends the connection.
      maxPayload: settings.bounds.executeBytesMax * 2,
      // SECURITY: no decompression, so no message is larger than what came over the wire.
      perMessageDeflate: false,
      // A ticket is never repeated in the reply.
      handleProtocols: (offered) => (offered.has(liveProtocol) ? liveProtocol : false),
    },
    // What goes wrong on an established socket is the client's connection breaking, or a frame that `ws` refused.
    errorHandler: (_error, socket) => socket.terminate(),
    preClose(done) {
      const { websocketServer } = this;
      const cancel = clock.after(goodbyeMsMax, () => {
        for (const client of websocketServer.clients) client.terminate();
      });
      for (const client of websocketServer.clients) {
        client.close(closeCodes.goingAway.code, 'goingAway');
      }
      websocketServer.close(cancel);
      done();
    },
  });
}
