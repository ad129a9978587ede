// The container through which JupyterLab loads an extension (webpack's module federation), written by hand: what is
// here is what the browser runs, and there is nothing to build.
(() => {
  const here = document.currentScript.src;
  let shared = {};

  // A module of JupyterLab itself: its tokens must be the same objects as the application's.
  const sharedModule = async (name) => {
    const [version] = Object.values(shared[name]);
    return (await version.get())();
  };

  const container = {
    init: (scope) => {
      shared = scope;
    },
    get: async () => {
      const { plugin } = await import(new URL("plugin.js", here));
      const { INotebookTracker } = await sharedModule("@jupyterlab/notebook");
      return () => ({ __esModule: true, default: plugin(INotebookTracker) });
    },
  };
  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["@nearside/lab"] = container;
})();
