// The nonce of an answer is told by a header of ours where the host's policy has none: its elements get this page's.
{
  const page = document.querySelector("script[data-mfa-host]")?.nonce;
  htmx.registerExtension("mfa-nonce", {
    htmx_after_request: (_element, { ctx }) => {
      const theirs = ctx.response.headers.get("MFA-Nonce");
      if (page && theirs) ctx.text = ctx.text.replaceAll(`hx-nonce="${theirs}"`, `hx-nonce="${page}"`);
    },
  });
}
