// The live cost of a text: counts as grayscale/domain/texting/segments.py does.
//
// <span data-count-for="ID of a textarea"> is filled with characters and parts, and offers to swap look-alike
// punctuation that needlessly forces UCS-2; data-most is how many characters a text takes. Fires "segments:changed" on the
// span with {encoding, parts, units}.
(() => {
  const BASIC = new Set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
  );
  const EXTENSION = new Set("\f^{}\\[~]|€");
  const SINGLE = { "GSM-7": 160, "UCS-2": 70 };
  const SPLIT = { "GSM-7": 153, "UCS-2": 67 };
  const LOOKALIKES = new Map([
    ..."‘’‚‛′\u0060´".split("").map((c) => [c, "'"]),
    ..."“”„‟″«»".split("").map((c) => [c, '"']),
    ..."‐‑‒–—―−•·".split("").map((c) => [c, "-"]),
    ["…", "..."],
    ..."\u00a0\u2002\u2003\u2007\u2009\u202f\t".split("").map((c) => [c, " "]),
    ..."\u00ad\u200b\u2060\ufeff".split("").map((c) => [c, ""]),
  ]);
  const NEARLY_FULL = 40;

  function count(text) {
    const characters = [...text];
    const outside = [...new Set(characters.filter((c) => !BASIC.has(c) && !EXTENSION.has(c)))];
    const encoding = outside.length ? "UCS-2" : "GSM-7";
    const sizes = characters.map((c) => (encoding === "UCS-2" ? c.length : EXTENSION.has(c) ? 2 : 1));
    const units = sizes.reduce((sum, size) => sum + size, 0);
    if (units <= SINGLE[encoding]) {
      return { encoding, characters: characters.length, units, outside, parts: text ? 1 : 0, left: SINGLE[encoding] - units };
    }
    let parts = 1;
    let used = 0;
    for (const size of sizes) {
      if (used + size > SPLIT[encoding]) {
        parts += 1;
        used = 0;
      }
      used += size;
    }
    return { encoding, characters: characters.length, units, outside, parts, left: SPLIT[encoding] - used };
  }

  const plain = (text) => [...text].map((c) => LOOKALIKES.get(c) ?? c).join("");

  // Some of them cannot be seen.
  const named = (c) => (LOOKALIKES.get(c)?.trim() ? c : LOOKALIKES.has(c) ? "space" : c);

  function words(cost) {
    if (!cost.parts) return "";
    const characters = cost.characters === 1 ? "1 character" : `${cost.characters} characters`;
    const left = cost.parts > 1 || cost.left <= NEARLY_FULL ? `, ${cost.left} left` : "";
    return `${characters}, ${segments(cost.parts)}${left}`;
  }

  const segments = (parts) => (parts === 1 ? "1 segment" : `${parts} segments`);

  // What characters outside of GSM-7 cost: more segments, or less room in each.
  function dearer(cost, without) {
    if (cost.parts > without.parts) return `this ${segments(cost.parts)} instead of ${without.parts}`;
    const sizes = cost.parts > 1 ? SPLIT : SINGLE;
    return `a segment hold ${sizes["UCS-2"]} characters instead of ${sizes["GSM-7"]}`;
  }

  function show(output, area) {
    const text = area.value.trim();
    const cost = count(text);
    const said = words(cost);
    output.replaceChildren();
    output.classList.toggle("warn", cost.parts > 1 || cost.encoding === "UCS-2");
    const over = cost.characters - Number(output.dataset.most || Infinity);
    if (over > 0) output.append(`${cost.characters.toLocaleString("en")} characters, ${over.toLocaleString("en")} too many`);
    else if (said) output.append(said);
    if (said && over <= 0 && cost.encoding === "UCS-2") {
      const swappable = cost.outside.filter((c) => LOOKALIKES.has(c));
      const why = cost.outside.slice(0, 3).map((c) => (named(c) === c ? `“${c}”` : named(c))).join(", ");
      const makes = `${why} ${cost.outside.length === 1 ? "makes" : "make"}`;
      const without = count([...text].map((c) => (cost.outside.includes(c) ? "x" : c)).join(""));
      output.append(` · ${makes} ${dearer(cost, without)}`);
      const cheaper = count(plain(text));
      if (swappable.length && (cheaper.encoding === "GSM-7" || cheaper.parts < cost.parts)) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "quiet small";
        button.textContent = `Use plain ${swappable.length === 1 ? named(swappable[0]) : "punctuation"}`;
        button.addEventListener("click", () => {
          area.value = plain(area.value);
          area.dispatchEvent(new Event("input", { bubbles: true }));
          area.focus();
        });
        output.append(" ", button);
      }
    }
    output.dispatchEvent(new CustomEvent("segments:changed", { bubbles: true, detail: cost }));
  }

  function all(root) {
    for (const output of root.querySelectorAll("[data-count-for]")) {
      const area = document.getElementById(output.dataset.countFor);
      if (area) show(output, area);
    }
  }

  document.addEventListener("input", (event) => {
    if (!event.target.id) return;
    const output = document.querySelector(`[data-count-for="${CSS.escape(event.target.id)}"]`);
    if (output) show(output, event.target);
  });
  document.addEventListener("htmx:afterSettle", () => all(document));
  all(document);
})();
