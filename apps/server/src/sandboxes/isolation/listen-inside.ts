// Runs inside a sandbox, in its network: listens on its loopback for the gateway and hands the listener out through the
// channel to the server, which alone answers there. `node -e` takes it as it is, so it holds no types.
const { createServer } = require('node:net');

const listener = createServer();
listener.on('error', () => process.exit(1));
listener.listen(Number(process.argv[1]), '127.0.0.1', () => process.send?.('listener', listener));
process.once('disconnect', () => process.exit(0));
