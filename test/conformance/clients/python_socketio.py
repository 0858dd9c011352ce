"""python-socketio on /channels: python3 python_socketio.py <url> <token> <user> <transport>."""
import sys
import threading
import socketio

url, token, user, transport = sys.argv[1:5]
heard = {}
came = threading.Condition()


def note(event):
    def on(*given):
        with came:
            heard[event] = given
            came.notify_all()
    return on


def wait(event):
    with came:
        assert came.wait_for(lambda: event in heard, timeout=20), f"{event} did not come"
        return heard[event]


refused = socketio.Client(reconnection=False)
refused.on("connect_error", note("refused"), namespace="/channels")
try:
    refused.connect(url, namespaces=["/channels"], auth={"token": "wrong"}, transports=[transport])
except socketio.exceptions.ConnectionError:
    pass
wait("refused")
refused.disconnect()

client = socketio.Client(reconnection=False)
for event in ["connected", "notifications", "room_message"]:
    client.on(event, note(event), namespace="/channels")
client.connect(url, namespaces=["/channels"], auth={"token": token}, transports=[transport])
assert wait("connected")[0]["userId"] == user


def ask(event, payload=None):
    return client.call(event, payload, namespace="/channels", timeout=20)


answer = ask("subscribe", {"channel": f"notifications/{user}", "since": 0})
assert answer["ok"] and answer["recovered"] and answer["replayed"] == 1, answer
notification, meta = wait("notifications")
assert notification["data"]["title"] == "waiting"
assert ask("ack", {"channel": meta["channel"], "offset": meta["offset"]})["ok"]
assert ask("heartbeat")["ok"]
assert ask("join_room", {"room": "conformance"})["ok"]
assert ask("room_message", {"room": "conformance", "text": "词法"})["ok"]
assert wait("room_message")[0]["text"] == "词法"
client.disconnect()
print("ok")
