// Enter goes from one doubtful field to the next, and records only when each of them has been looked at. In a field of
// several lines too; Shift+Enter makes a new line there.
"use strict";
const form = document.getElementById("simpan")?.form;
if (form) {
  const doubtful = [...form.querySelectorAll("[data-ragu]")];
  const seen = new Set();
  const see = (field) => doubtful.includes(field) && seen.add(field);
  form.addEventListener("focusin", (event) => see(event.target));
  see(document.activeElement); // autofocus may come before this script
  form.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    if (field.matches("a, button:not(.utama)")) return;
    event.preventDefault();
    if (event.repeat) return; // a key that is held down would run through all of them unseen
    const next = doubtful.find((one) => !seen.has(one));
    if (next) next.focus();
    else form.requestSubmit(form.querySelector(".utama"));
  });
}
