// A kernel's WebSocket that knows the number of the last message that it has received. When JupyterLab connects again
// after a broken connection, it goes on from there: nothing is missing and nothing comes twice.

const CHANNELS = /\/api\/kernels\/[^/]+\/channels\?/;

// By URL, which has the kernel and the session of this page.
const cursors = new Map();

export class KernelSocket extends WebSocket {
  constructor(url, protocols) {
    const isKernel = CHANNELS.test(url);
    super(isKernel ? `${url}&cursor=${cursors.get(url) ?? "latest"}` : url, protocols);
    if (isKernel) {
      this.addEventListener("message", (event) => cursors.set(url, sequence(event.data)));
    }
  }
}

// The number of a message, which the agent has put into its metadata.
export function sequence(data) {
  return metadata(data).nearside_sequence;
}

function metadata(data) {
  if (typeof data === "string") {
    return JSON.parse(data).metadata;
  }
  // v1.kernel.websocket.jupyter.org: a count, offsets, and then channel, header, parent header, metadata, ...
  const numbers = new DataView(data);
  const offset = (index) => Number(numbers.getBigUint64(8 * (1 + index), true));
  return JSON.parse(new TextDecoder().decode(new Uint8Array(data, offset(3), offset(4) - offset(3))));
}
