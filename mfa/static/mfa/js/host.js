// What a page of a host needs: the journeys in the dialog, or in a part of the page, by an htmx of our own.
import "./nonces.js";
import "./place.js";
import "./opener.js";
import "./journeys.js";

for (const root of document.querySelectorAll(".mfa[data-mfa-root]")) htmx.process(root);
