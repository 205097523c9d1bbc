// The stop button: asks first, then sends the token that this page was given.

import { byId, setText } from "./dom.js";

export class StopButton {
  constructor(store) {
    this.store = store;
    this.dialog = byId("confirm");
    byId("stop").addEventListener("click", () => this.ask());
    byId("stop-no").addEventListener("click", () => this.dialog.close());
    byId("stop-yes").addEventListener("click", () => this.stop());
  }

  show() {
    const { state, why_not_stop: reason } = this.store.status;
    byId("stop").disabled = state !== "running" || reason !== "";
    setText(byId("stop-reason"), this.store.isLive ? reason : "");
  }

  ask() {
    setText(byId("resume-command"), `morphogenetic sweep resume --sweep-id ${this.store.sweep.sweep_id}`);
    byId("stop-answer").hidden = true;
    this.dialog.showModal();
  }

  async stop() {
    byId("stop-yes").disabled = true;
    try {
      let response = await send(document.querySelector("meta[name=monitor-token]").content);
      // The monitor was started anew since this page was loaded, as by `sweep resume --serve`: it has another token.
      if (response.status === 403) response = await send(await freshToken());
      const { message } = await response.json();
      if (!response.ok) throw new Error(message);
      this.dialog.close();
    } catch (error) {
      byId("stop-answer").hidden = false;
      setText(byId("stop-answer"), `Not stopped: ${error.message}`);
    } finally {
      byId("stop-yes").disabled = false;
    }
  }
}

function send(token) {
  return fetch("stop", { method: "POST", headers: { "X-Monitor-Token": token } });
}

async function freshToken() {
  const page = new DOMParser().parseFromString(await (await fetch("./")).text(), "text/html");
  return page.querySelector("meta[name=monitor-token]")?.content ?? "";
}
