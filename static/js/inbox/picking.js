// Of the files somebody picks: which ones a text can carry, what helps with the others, and how each looks.
(() => {
  const SIDE = 64;
  const HEIC = /\.hei[cf]$/i;
  const mega = (bytes) => `${(bytes / 1048576).toFixed(1).replace(".0", "")} MB`;
  const isHeic = (file) => /^image\/hei[cf]/.test(file.type) || HEIC.test(file.name);

  function names(files) {
    const shown = files.slice(0, 3).map((file) => file.name);
    if (files.length > 3) shown.push(`${files.length - 3} more`);
    return shown.length === 1 ? shown[0] : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
  }

  function pick(kept, files, field) {
    const accepted = field.accept.split(",");
    const { mostBytes, mostFiles } = field.dataset;
    const left = { heic: [], other: [], large: [], further: [] };
    const fit = [];
    let bytes = kept.reduce((sum, file) => sum + file.size, 0);
    for (const file of files) {
      if (isHeic(file)) left.heic.push(file);
      else if (!accepted.includes(file.type)) left.other.push(file);
      else if (file.size > mostBytes) left.large.push(file);
      else if (kept.length + fit.length >= mostFiles || bytes + file.size > mostBytes) left.further.push(file);
      else {
        fit.push(file);
        bytes += file.size;
      }
    }
    const says = (group, one, many) => (group.length ? [`${names(group)} ${group.length === 1 ? one : many}`] : []);
    return { fit, told: [
      ...says(left.heic, "is a HEIC photo, which a text cannot carry.", "are HEIC photos, which a text cannot carry.")
        .map((said) => `${said} Send a screenshot instead, or on the iPhone choose Settings › Camera › Formats › Most Compatible and take it again.`),
      ...says(left.other, "is not a JPEG, PNG or GIF picture.", "are not JPEG, PNG or GIF pictures.").map((said) => `${said} Send a screenshot of it, or a link to it.`),
      ...says(left.large, "is too large:", "are too large:").map((said) => `${said} the pictures of one text may have ${mega(mostBytes)} together. Send a smaller copy, or a screenshot.`),
      ...says(left.further, "was left out:", "were left out:").map((said) => `${said} a text takes at most ${mostFiles} pictures of ${mega(mostBytes)} together. Send the rest in a further text.`),
    ] };
  }

  // Said once, beside the composer, until somebody picks again, takes a picture away or has read it.
  function tell(told) {
    const notes = document.getElementById("picture-notes");
    if (!notes) return;
    notes.replaceChildren(...told.map((words) => {
      const line = document.createElement("p");
      line.textContent = words;
      return line;
    }));
    if (!told.length) return;
    const button = close("Dismiss");
    button.addEventListener("click", () => { notes.replaceChildren(); document.getElementById("message").focus(); });
    notes.append(button);
  }

  function close(words) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "✕";
    button.setAttribute("aria-label", words);
    return button;
  }

  function thumbnail(file, remove) {
    const li = document.createElement("li");
    li.title = file.name;
    const name = document.createElement("span");
    name.textContent = file.name;
    const button = close(`Remove ${file.name}`);
    button.addEventListener("click", remove);
    li.append(name, button);
    draw(file).then((drawn) => name.replaceWith(drawn), () => null);
    return li;
  }

  // Drawn, not linked: no address of a person's file, which the policy would have to let in.
  async function draw(file) {
    const picture = await createImageBitmap(file);
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIDE * Math.ceil(devicePixelRatio);
    const side = Math.min(picture.width, picture.height);
    const [x, y] = [(picture.width - side) / 2, (picture.height - side) / 2];
    const pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(picture, x, y, side, side, 0, 0, canvas.width, canvas.height);
    picture.close();
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", file.name);
    return canvas;
  }

  window.gs = Object.assign(window.gs || {}, { pick, tellOfPick: tell, thumbnail });
})();
