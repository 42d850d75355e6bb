// Enter in a field of several lines goes on as it does in every other field; Shift+Enter makes a new line.
"use strict";
for (const area of document.querySelectorAll("form textarea")) {
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    area.form.requestSubmit(area.form.querySelector(".utama"));
  });
}
