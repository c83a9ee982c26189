// A way that is a form leaves a bare "?" at the end of the address, which would be printed with the page.
if (location.href.endsWith("?")) history.replaceState(history.state, "", location.pathname);
