// Menyimpan isian yang belum dikirim: tiga detik sesudah huruf terakhir, begitu sebuah isian ditinggalkan, dan saat tab
// ditutup atau ditinggalkan. Bila sambungan terputus, isian disimpan di tab ini, dicoba lagi, dan dikembalikan saat halaman dibuka lagi. Tanpa skrip ini,
// tombol "Simpan sementara" melakukan hal yang sama; semua tindakan berjalan tanpa skrip.
const JEDA = 3000;
for (const form of document.querySelectorAll("form[data-simpan]")) {
  const news = form.querySelector("[data-kabar]");
  const name = form.dataset.nama ?? form.elements.aksi.value;
  const key = `${form.dataset.simpan}#${name}`;
  const hidden = new Set([...form.querySelectorAll("input[type=hidden]")].map((one) => one.name));
  let last = "", timer = 0, sending = false, leaving = false;
  const typed = () => {
    const data = new FormData(form);
    for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
    return new URLSearchParams(data).toString();
  };
  const keep = (text) => { try { sessionStorage.setItem(key, text); } catch { /* tab tanpa penyimpanan */ } };
  const kept = () => { try { return sessionStorage.getItem(key); } catch { return null; } };
  const forget = () => { try { sessionStorage.removeItem(key); } catch { /* sama */ } };
  const clock = () => new Date().toTimeString().slice(0, 5).replace(":", ".");
  const save = async () => {
    clearTimeout(timer);
    const text = typed();
    if (text === last || sending) return;
    last = text;
    const headers = { "Content-Type": "application/x-www-form-urlencoded", "X-Simpan": "1" };
    try {
      const answer = await fetch(form.dataset.simpan, { method: "POST", body: text, headers, keepalive: text.length < 60000 });
      if (!answer.ok) throw new Error();
      if (leaving) keep(text); else forget(); // halaman berikutnya mungkin diminta sebelum yang ini tersimpan
      news.textContent = `${news.dataset.kabar} ${clock()}.`;
    } catch {
      last = "";
      keep(text);
      news.textContent = news.dataset.gagal;
      timer = setTimeout(save, 10 * JEDA);
    }
  };
  const restore = (text) => {
    const given = new URLSearchParams(text);
    for (const one of form.elements) {
      if (!one.name || hidden.has(one.name) || one.type === "file" || one.type === "submit") continue;
      if (one.type === "radio" || one.type === "checkbox") one.checked = given.getAll(one.name).includes(one.value);
      else if (given.has(one.name)) one.value = given.get(one.name);
    }
    news.textContent = news.dataset.pulih;
  };
  if (new URLSearchParams(location.search).get("tersimpan") === name) forget();
  const before = "diisi" in form.dataset ? null : kept();
  if (before) { restore(before); save(); } else last = typed();
  form.addEventListener("input", () => {
    leaving = false;
    if (news.textContent !== news.dataset.belum) news.textContent = news.dataset.belum;
    clearTimeout(timer);
    timer = setTimeout(save, JEDA);
  });
  form.addEventListener("change", save);
  form.addEventListener("focusout", (event) => { if (event.target.matches("textarea")) save(); });
  form.addEventListener("submit", () => { clearTimeout(timer); sending = true; keep(typed()); });
  addEventListener("online", save);
  addEventListener("beforeunload", () => { leaving = true; });
  addEventListener("pagehide", save);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") save(); });
  addEventListener("pageshow", () => { sending = false; });
}
// Tiba di halaman yang lain dari formulirnya: kiriman sudah sampai, simpanan tab tidak diperlukan lagi.
if (!document.querySelector("form[data-simpan]")) {
  try { for (const key of Object.keys(sessionStorage)) if (key.startsWith("/t/")) sessionStorage.removeItem(key); } catch { /* sama */ }
}
// Isian yang sedang diisi tidak boleh tertutup tombol yang selalu tampak di bawah layar (WCAG 2.2, 2.4.11).
document.addEventListener("focusin", ({ target }) => {
  const bar = document.querySelector(".kirim")?.getBoundingClientRect();
  const box = target.getBoundingClientRect();
  const covered = bar && !target.closest(".kirim") && box.bottom > bar.top && box.top < bar.bottom;
  if (covered) target.scrollIntoView({ block: "center" });
});
