// A notebook that is opened while its cells run, or before their outputs came home: the outputs are read again from the
// kernel's journal, from the request on, and followed to the end.

import { sequence } from "./kernelSocket.js";

const PROTOCOL = "v1.kernel.websocket.jupyter.org";
// The kernel is gone: there is nothing more to read.
const GOING_AWAY = 1001;
const RECONNECT_MS = 200;

export async function restore(panel, settings) {
  await panel.context.ready;
  await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session?.kernel;
  if (!kernel) {
    return;
  }
  const answer = await fetch(`${settings.baseUrl}api/nearside/kernels/${kernel.id}/executions`);
  if (!answer.ok) {
    return;
  }
  const running = new Map();
  const others = (await answer.json()).filter((execution) => execution.session !== kernel.clientId);
  for (const execution of others) {
    const cell = panel.content.widgets.find((widget) => widget.model.id === execution.cell);
    // A cell that was edited since keeps what it has.
    if (cell?.model.type === "code" && cell.model.sharedModel.getSource() === execution.code) {
      running.set(execution.request, { cell, first: execution.sequence });
    }
  }
  if (running.size > 0) {
    follow(running, kernel.id, settings);
  }
}

function follow(running, kernelId, settings) {
  for (const execution of running.values()) {
    execution.replay = new Replay();
    execution.cell.outputArea.future = execution.replay;
    execution.cell.model.executionState = "running";
  }
  const session = `restore-${crypto.randomUUID()}`;
  let cursor = Math.min(...[...running.values()].map((execution) => execution.first)) - 1;
  const connect = () => {
    const url = `${settings.wsUrl}api/kernels/${kernelId}/channels?session_id=${session}&cursor=${cursor}`;
    const socket = new WebSocket(url, [PROTOCOL]);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      cursor = sequence(data);
      const message = settings.serializer.deserialize(data, socket.protocol);
      const execution = running.get(message.parent_header.msg_id);
      if (message.channel === "iopub" && execution && show(execution, message)) {
        running.delete(message.parent_header.msg_id);
      }
      if (running.size === 0) {
        socket.close();
      }
    };
    socket.onclose = ({ code }) => {
      if (running.size > 0 && code !== GOING_AWAY) {
        setTimeout(connect, RECONNECT_MS);
      }
    };
  };
  connect();
}

// Shows a message in its cell; whether it was the last.
function show({ cell, replay }, message) {
  const { content, header } = message;
  if (cell.isDisposed) {
    return true;
  }
  if (header.msg_type === "execute_input") {
    cell.model.executionCount = content.execution_count;
  }
  replay.onIOPub(message);
  const isLast = header.msg_type === "status" && content.execution_state === "idle";
  if (isLast) {
    cell.model.executionState = "idle";
    replay.finish();
  }
  return isLast;
}

// What an output area takes for the future of a request.
class Replay {
  constructor() {
    this.isDisposed = false;
    this.msg = { header: {}, parent_header: {}, metadata: {}, content: {}, channel: "shell" };
    this.done = new Promise((resolve) => {
      this.finish = resolve;
    });
    this.onIOPub = this.onReply = this.onStdin = () => {};
  }

  registerMessageHook() {}

  removeMessageHook() {}

  sendInputReply() {}

  dispose() {
    this.isDisposed = true;
    this.onIOPub = () => {};
  }
}
