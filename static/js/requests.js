// What htmx cannot know: the session ended, the server failed, the network is gone.

function tell(name) {
  const words = document.getElementById(`words-${name}`);
  const box = document.getElementById("messages");
  if (!words || !box || box.querySelector(`[data-notice="${name}"]`)) return;
  const notice = words.content.firstElementChild.cloneNode(true);
  notice.dataset.notice = name;
  box.prepend(notice);
  box.scrollIntoView({ block: "nearest" });
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const answer = event.detail.xhr;
  if (!answer.responseURL || !document.body.dataset.login) return;
  if (new URL(answer.responseURL).pathname !== document.body.dataset.login) return;
  // The sign-in page must not land inside a fragment, and what was typed must stay.
  event.detail.shouldSwap = false;
  tell("signed-out");
});

document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 401) tell("signed-out");
  else if (status === 403) tell("denied");
  else if (status === 404) tell("gone");
  else if (status === 429) tell("slow-down");
  else tell("failed");
});
document.addEventListener("htmx:sendError", () => tell("offline"));
document.addEventListener("htmx:timeout", () => tell("offline"));
