// The button that sends a form; Back and Cancel stand among its elements but belong to other forms.
export const submitOf = (form) => [...(form?.elements ?? [])].find((element) => element.type === "submit");
