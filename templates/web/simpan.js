// Menyimpan isian yang belum dikirim begitu sebuah isian ditinggalkan. Tanpa skrip ini, tombol "Simpan dulu" melakukan hal
// yang sama; semua tindakan berjalan tanpa skrip.
for (const form of document.querySelectorAll("form[data-simpan]")) {
  const news = form.querySelector("[data-kabar]");
  let last = "";
  const save = async () => {
    const data = new FormData(form);
    for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
    const text = new URLSearchParams(data).toString();
    if (text === last) return;
    last = text;
    const headers = { "Content-Type": "application/x-www-form-urlencoded", "X-Simpan": "1" };
    try {
      const answer = await fetch(form.dataset.simpan, { method: "POST", body: text, headers, keepalive: text.length < 60000 });
      if (!answer.ok) throw new Error();
      const now = new Date();
      const two = (number) => String(number).padStart(2, "0");
      news.textContent = `${news.dataset.kabar} ${two(now.getHours())}.${two(now.getMinutes())}.`;
    } catch {
      last = "";
      news.textContent = news.dataset.gagal;
    }
  };
  form.addEventListener("change", save);
  form.addEventListener("focusout", (event) => { if (event.target.matches("textarea")) save(); });
}
