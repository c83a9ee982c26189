// Signs in by JSON. Without this script the form is posted to the same address as the page.
const form = document.querySelector("form[data-api]");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch(form.dataset.api, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(Object.fromEntries(new FormData(form))),
  });
  const said = await answer.json();
  if (said.error) form.querySelector("[role=alert]").textContent = said.error;
  else location.assign(said.two_step ?? form.dataset.home);
});
