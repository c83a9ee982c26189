// Moments come in UTC; they are shown in the zone of the reader, and say so.
const form = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "long",
  timeStyle: "short",
});

const tell = () => {
  for (const time of document.querySelectorAll("time[data-moment]")) {
    time.title = time.textContent;
    time.textContent = form.format(new Date(time.dateTime));
    delete time.dataset.moment;
  }
};

document.addEventListener("htmx:after:swap", tell);
tell();
