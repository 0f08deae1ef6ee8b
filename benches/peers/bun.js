// A peer of `cargo bench -- fanout`: Bun's own publish/subscribe over WebSocket (uWebSockets), as its documentation
// shows it. Nothing is stored. Whoever connects at /listen is subscribed; what comes from others goes to all of those.
let s = 0;

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request, server) {
    const listens = new URL(request.url).pathname === "/listen";
    return server.upgrade(request, { data: { listens } }) ? undefined : new Response("chatd bench: bun\n");
  },
  websocket: {
    // The load generator sends no pongs, and a round is short.
    idleTimeout: 960,
    sendPings: false,
    perMessageDeflate: false,
    open(socket) {
      if (socket.data.listens) socket.subscribe("room");
    },
    message(_, text) {
      s += 1;
      server.publish("room", `{"op":11,"s":${s},"d":{"message_id":"${s}","content":${JSON.stringify(text)}}}`);
    },
  },
});

console.error(`Bun ${Bun.version} listens on http://127.0.0.1:${server.port}`);
