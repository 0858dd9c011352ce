// A socket.io-client of any version on /channels: node socket-io.mjs <folder with socket.io-client> <url> <token> <user>.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, url, token, user] = process.argv.slice(2);
const { io } = createRequire(join(folder, "package.json"))("socket.io-client");
const open = (auth) => io(`${url}/channels`, { auth, reconnection: false, forceNew: true });
const heard = (socket, event) => new Promise((resolve) => socket.once(event, (...given) => resolve(given)));
const ask = (socket, event, ...given) => new Promise((resolve) => socket.emit(event, ...given, resolve));

const refused = open({ token: "wrong" });
const [error] = await heard(refused, "connect_error");
assert.equal(error.data.code, "INVALID_TOKEN");

const socket = open({ token });
const [connected] = await heard(socket, "connected");
assert.equal(connected.userId, user);
const replayed = heard(socket, "notifications");
const answer = await ask(socket, "subscribe", { channel: `notifications/${user}`, since: 0 });
assert.deepEqual([answer.ok, answer.recovered, answer.replayed], [true, true, 1]);
const [notification, meta] = await replayed;
assert.equal(notification.data.title, "waiting");
assert.equal((await ask(socket, "ack", { channel: meta.channel, offset: meta.offset })).ok, true);
assert.equal((await ask(socket, "heartbeat")).ok, true);
assert.equal((await ask(socket, "join_room", { room: "conformance" })).ok, true);
const message = heard(socket, "room_message");
assert.equal((await ask(socket, "room_message", { room: "conformance", text: "词法" })).ok, true);
assert.equal((await message)[0].text, "词法");
socket.close();
console.log("ok");
process.exit(0);
