// Surat di tempat mencoba tampak utuh: bingkainya setinggi isinya, tanpa gulungan di dalam gulungan. Isi surat sendiri
// tidak dapat menjalankan skrip. Tanpa skrip ini bingkainya setinggi satu layar.
for (const frame of document.querySelectorAll("iframe")) {
  const fit = () => {
    const page = frame.contentDocument?.documentElement;
    if (page) frame.style.height = `${page.scrollHeight}px`;
  };
  frame.addEventListener("load", fit);
  addEventListener("resize", () => { frame.style.height = ""; fit(); });
  fit();
}
