// All of this is about what stands in an element of the class mfa. What is said to people stands there, too.
export const isOurs = (element) => element instanceof Element && element.closest(".mfa") !== null;

// The modals, marked by the host. A modal lets nothing outside it be pressed, so one at most is open.
export const dialogs = [...document.querySelectorAll("[data-mfa-dialog]")];
export const openDialog = () => dialogs.find((one) => one.open);

export const saying = document.querySelector(".mfa[data-say-lost]")?.dataset ?? {};
