// The audit in the reader's browser: loads the runtime on the first click, from this folder, and asks no server.
(() => {
  const box = document.getElementById("audit-here");
  if (!box) return;
  const [text, button, status, answer] = ["textarea", "button", "[role=status]", "pre"].map((name) => box.querySelector(name));
  const AUDIT = `
import sys
if "/site" not in sys.path: sys.path.insert(0, "/site")
from mer_repro.audit import tables
from mer_repro.audit.tables import report
from mer_repro.errors import MerReproError
try:
    audited = tables.audit_text(pasted)
    found = [f"{r.verdict}: {r.check}: {r.detail}" for r in audited.results]
    shown = report.read_text(audited) + "\\n\\n" + ("\\n".join(found) or "No check could be bound.")
except MerReproError as error:
    shown = str(error)
shown
`;
  const unpacked = async (name) => {
    const bytes = Uint8Array.from(atob(window.auditRuntime[name]), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };
  const script = (attributes) =>
    new Promise((done, failed) => {
      const tag = Object.assign(document.createElement("script"), attributes);
      tag.onload = done;
      tag.onerror = () => failed(new Error("This copy of the book was built without the runtime; use the command line."));
      document.head.append(tag);
    });
  const address = (bytes, type) => URL.createObjectURL(new Blob([bytes], { type }));
  let python;
  const start = async () => {
    await script({ src: box.dataset.runtime });
    const files = {};
    for (const name of Object.keys(window.auditRuntime)) files[name] = await unpacked(name);
    delete window.auditRuntime;
    const module = await import(address(files["pyodide.asm.mjs"], "text/javascript"));
    await script({ src: address(files["pyodide.js"], "text/javascript") });
    const outside = window.fetch;
    window.fetch = async (url, ...rest) => {
      const name = String(url.url ?? url).split("/").pop();
      const type = name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
      return files[name] ? new Response(files[name], { headers: { "Content-Type": type } }) : outside(url, ...rest);
    };
    try {
      python = await loadPyodide({
        indexURL: "https://offline.invalid/",
        createPyodideModule: module.default,
        lockFileContents: JSON.parse(new TextDecoder().decode(files["pyodide-lock.json"])),
      });
    } finally {
      window.fetch = outside;
    }
    python.unpackArchive(files["site.zip"].buffer, "zip", { extractDir: "/site" });
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    status.textContent = python ? "Auditing …" : "Loading Python (12 MB, once) …";
    await new Promise((done) => setTimeout(done, 50));
    try {
      if (!python) await start();
      python.globals.set("pasted", text.value);
      answer.textContent = python.runPython(AUDIT);
      status.textContent = "";
    } catch (error) {
      status.textContent = error.message.slice(-500);
    }
    button.disabled = false;
  });
})();
