# A bridge to python-socketio over the transport that is its argument (../bridge.ts says what it is told and tells).
import json
import sys
import threading

import socketio

transport = sys.argv[1]
lock = threading.Lock()


def tell(told):
    with lock:
        print(json.dumps(told), flush=True)


def connect(url, namespace, auth):
    client = socketio.Client(reconnection=False)
    client.on("connect", lambda: tell({"opened": True}), namespace=namespace)
    client.on("connect_error", lambda *reason: tell({"refused": reason}), namespace=namespace)
    client.on("disconnect", lambda *reason: tell({"closed": "disconnect"}), namespace=namespace)
    client.on("*", lambda event, *args: tell({"event": event, "args": args}), namespace=namespace)
    try:
        client.connect(url, namespaces=[namespace], auth=auth, transports=[transport])
    except socketio.exceptions.ConnectionError as error:
        tell({"refused": str(error)})
    return client


client, inside = None, ""
for line in sys.stdin:
    command = json.loads(line)
    if "open" in command:
        inside = command["namespace"]
        client = connect(command["open"], inside, command["auth"])
    elif "emit" in command:
        answered = lambda *args, id=command["id"]: tell({"ack": id, "args": args})
        client.emit(command["emit"], command["payload"], namespace=inside, callback=answered)
    elif "close" in command:
        client.disconnect()
