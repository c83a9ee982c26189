// The page that is there to be printed begins with that.
if (document.querySelector("[data-print]")) addEventListener("load", () => print(), { once: true });
