// Who is signed in, as TAP's login does it: a cookie that no script can read.

import { byId } from "/page/dom.js";
import { ask, signIn, signOut } from "/page/service.js";

/** Follows the sign-in; `changed(session)` is called at first and after each change. */
export async function followSession(changed) {
  const dialog = byId("sign-dialog");
  const read = async () => {
    const session = await (await ask("/page/session.json")).json();
    show(session);
    changed(session);
  };
  byId("sign").addEventListener("click", async () => {
    if (byId("sign").dataset.user) {
      await signOut();
      return read();
    }
    byId("sign-problem").textContent = "";
    dialog.showModal();
  });
  byId("sign-cancel").addEventListener("click", () => dialog.close());
  byId("sign-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await signIn(byId("username").value, byId("password").value);
    } catch (error) {
      byId("sign-problem").textContent = error.message;
      return;
    }
    byId("password").value = "";
    dialog.close();
    await read();
  });
  await read();
}

function show({ user, labs_url: labs }) {
  byId("who").textContent = user ? `Signed in as ${user}` : "Not signed in";
  byId("sign").textContent = user ? "Sign out" : "Sign in";
  byId("sign").dataset.user = user ?? "";
  byId("labs").hidden = !labs;
  if (labs) byId("labs").href = `${labs}/lab`;
}
