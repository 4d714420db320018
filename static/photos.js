// Photos of an item: each is made small in the phone, without the place where it was taken, and put into the queue.
(() => {
  const LONGEST_SIDE = 2000;
  const SMALL_SIDE = 192;
  const MOST_BYTES = 500000;
  const QUALITIES = [0.85, 0.75, 0.65, 0.55, 0.45];
  const UNREADABLE = "这张照片打不开，没有添加。可能是 HEIC 格式或已经损坏，请存成 JPEG 再选。";

  const drawn = (picture, longest) => {
    const share = Math.min(1, longest / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * share));
    canvas.height = Math.max(1, Math.round(picture.height * share));
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return canvas;
  };
  const asJpeg = (canvas, quality) => new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", quality); });
  const letGo = (canvas) => { canvas.width = canvas.height = 0; }; // some phones hold on to its memory otherwise

  const smallEnough = async (picture) => {
    for (let longest = LONGEST_SIDE; ; longest = Math.round(longest * 0.75)) {
      const canvas = drawn(picture, longest);
      for (const quality of QUALITIES) {
        const blob = await asJpeg(canvas, quality);
        if (blob && blob.size <= MOST_BYTES) {
          letGo(canvas);
          return blob.arrayBuffer();
        }
      }
      letGo(canvas);
    }
  };
  // The photo as it is kept, and a small one to show meanwhile. What was noted beside the pixels stays behind.
  const shrink = async (file) => {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    try {
      const bytes = await smallEnough(picture);
      const canvas = drawn(picture, SMALL_SIDE);
      const small = canvas.toDataURL("image/jpeg", 0.7);
      letGo(canvas);
      return [bytes, small];
    } finally {
      picture.close();
    }
  };

  let before = Promise.resolve(); // one photo at a time: several large ones together would take the phone's memory
  const add = async (part, files) => {
    const place = part.querySelector("[data-photo-state]");
    const wrong = [];
    for (const [number, file] of files.entries()) {
      place.textContent = files.length > 1 ? `正在准备第 ${number + 1} 张，共 ${files.length} 张……` : "正在准备照片……";
      const made = await shrink(file).catch(() => null);
      if (made === null) wrong.push(files.length > 1 ? `第 ${number + 1} 张：${UNREADABLE}` : UNREADABLE);
      else await window.office.queue.addPhoto(part.dataset.evidence, ...made).catch(() => { wrong.push(window.office.queue.SAY.full); });
      window.office.shrinking -= 1;
    }
    place.textContent = wrong.join(" ");
    place.classList.toggle("trouble", wrong.length > 0);
  };

  document.addEventListener("queue-ready", () => {
    if (!window.createImageBitmap) return;
    window.office.shrinking = 0;
    document.querySelectorAll("[data-add-photos]").forEach((label) => {
      const part = label.closest("[data-evidence]");
      const input = label.querySelector("input");
      label.hidden = false;
      part.querySelector("[data-add-without-script]").hidden = true;
      input.addEventListener("change", () => {
        const files = [...input.files];
        input.value = "";
        if (!files.length) return;
        navigator.storage?.persist?.().catch(() => null); // what waits isn't to be cleared away
        window.office.shrinking += files.length;
        before = before.then(() => add(part, files));
      });
    });
  });
})();
