// A peer of `cargo bench -- fanout`: Node.js with `ws`, whose documentation broadcasts with this loop. Nothing is
// stored. Whoever connects at /listen is subscribed; what comes from others goes to all of those.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { WebSocket, WebSocketServer } from "ws";

const { version } = JSON.parse(readFileSync(new URL("node_modules/ws/package.json", import.meta.url), "utf8"));
const listening = new Set();
let s = 0;

const server = createServer((_, response) => response.end("chatd bench: ws\n"));
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket, request) => {
  if (request.url === "/listen") {
    listening.add(socket);
    socket.on("close", () => listening.delete(socket));
  }
  socket.on("message", (data) => {
    s += 1;
    const text = `{"op":11,"s":${s},"d":{"message_id":"${s}","content":${JSON.stringify(data.toString())}}}`;
    for (const other of listening) {
      if (other.readyState === WebSocket.OPEN) other.send(text);
    }
  });
});

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  console.error(`ws ${version} on Node.js ${process.version} listens on http://127.0.0.1:${port}`);
});
