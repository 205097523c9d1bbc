// Exchanges the token for a cookie, which the page's requests and its WebSocket carry.

const form = document.getElementById("login");
const field = document.getElementById("token");
const answer = document.getElementById("answer");

async function enter(token) {
  const response = await fetch("login", { method: "POST", headers: { "X-Monitor-Token": token } });
  if (response.ok) {
    location.replace("./");
    return;
  }
  const { message } = await response.json();
  answer.textContent = message;
  answer.hidden = false;
  field.focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  enter(field.value.trim());
});

const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) {
  history.replaceState(null, "", location.pathname); // the token stays in no history
  enter(given);
} else {
  field.focus();
}
