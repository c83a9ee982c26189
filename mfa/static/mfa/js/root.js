// All of this is about what stands in an element of the class mfa. What is said to people stands there, too.
export const isOurs = (element) => element instanceof Element && element.closest(".mfa") !== null;

export const saying = document.querySelector(".mfa")?.dataset ?? {};
