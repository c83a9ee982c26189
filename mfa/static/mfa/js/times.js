// Moments and days come in UTC; they are shown in the zone of the reader.
const language = document.querySelector(".mfa")?.closest("[lang]")?.lang || undefined;
const forms = {
  moment: new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" }),
  day: new Intl.DateTimeFormat(language, { dateStyle: "long" }),
};

const tell = () => {
  for (const time of document.querySelectorAll(":is(.mfa, [data-mfa-reminder]) time[data-kind]")) {
    if (time.dataset.kind === "moment") time.title = time.textContent;
    time.textContent = forms[time.dataset.kind].format(new Date(time.dateTime));
    delete time.dataset.kind;
  }
};

document.addEventListener("htmx:after:swap", tell);
tell();
