// The WebSocket: says how far the page is, and comes back when it was lost.

const SILENCE_SECONDS = 15;
const OVER = 4000;

export class Connection {
  /** `onMessage` is given each message; `onState` "open", or "lost" with the seconds until the next try. */
  constructor(store, onMessage, onState) {
    this.store = store;
    this.onMessage = onMessage;
    this.onState = onState;
    this.failures = 0;
    document.addEventListener("visibilitychange", () => this.retryNow());
    window.addEventListener("online", () => this.retryNow());
    this.connect();
  }

  connect() {
    clearTimeout(this.retry);
    const url = new URL("events", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.hash = "";
    url.search = new URLSearchParams({ journal: this.store.journal, offset: this.store.offset });
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.expectSigns();
    socket.addEventListener("message", (event) => this.take(socket, event.data));
    socket.addEventListener("close", (event) => this.lost(socket, event.code === OVER));
  }

  take(socket, data) {
    if (socket !== this.socket) return;
    this.expectSigns();
    try {
      this.store.apply(JSON.parse(new TextDecoder().decode(data)));
    } catch (error) {
      console.error(error);
      this.store.journal = ""; // ask for everything
      socket.close();
      return;
    }
    this.failures = 0;
    this.onState("open");
    this.onMessage();
  }

  /** A server that is there says so every few seconds; a sleeping laptop's connection is dead without a sign. */
  expectSigns() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      const silent = this.socket;
      this.lost(silent, false);
      silent.close();
    }, SILENCE_SECONDS * 1000);
  }

  lost(socket, over) {
    if (socket !== this.socket) return;
    this.socket = null;
    clearTimeout(this.silence);
    this.failures += 1;
    const seconds = over ? 5 : Math.min(10, 0.25 * 2 ** this.failures) * (0.75 + Math.random() / 2);
    this.onState("lost", seconds);
    this.retry = setTimeout(() => this.connect(), seconds * 1000);
  }

  retryNow() {
    if (document.visibilityState === "visible" && this.socket === null) this.connect();
  }
}
