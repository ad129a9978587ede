// What JupyterLab does differently in a Nearside lab: kernel sockets come back to where they were, and a notebook that
// is opened shows the cells that are running.

import { KernelSocket } from "./kernelSocket.js";
import { restore } from "./restore.js";

export const plugin = (INotebookTracker) => ({
  id: "@nearside/lab:kernels",
  description: "Shows every output once and in order, also after a reload or a broken connection.",
  autoStart: true,
  requires: [INotebookTracker],
  activate: (app, notebooks) => {
    const settings = app.serviceManager.serverSettings;
    // All connections share this object, and read the class when they connect.
    settings.WebSocket = KernelSocket;
    notebooks.widgetAdded.connect((_, panel) => {
      restore(panel, settings).catch((error) => console.error("Nearside cannot restore outputs:", error));
    });
  },
});
