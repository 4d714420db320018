// A job's page keeps itself up to date, and goes on to what came of the job. Without this script a link does.
"use strict";
(() => {
  const box = document.querySelector("[data-job]");
  const status = box.querySelector("[data-job-status]");
  const bar = box.querySelector("[data-job-progress]");
  const words = box.querySelector("[data-job-words]");
  let pause = 1000;

  async function look() {
    try {
      const answer = await fetch(box.dataset.job, { headers: { Accept: "application/json" } });
      if (!answer.ok) {
        location.reload();  // signed out, or the job is gone: the page itself says so
        return;
      }
      const job = await answer.json();
      if (job.ended) {
        if (job.url) location.replace(job.url);
        else location.reload();
        return;
      }
      status.textContent = job.status;
      if (words.textContent !== job.words) words.textContent = job.words;
      if (job.percent === null) bar.removeAttribute("value");
      else bar.value = job.percent;
    } catch {
      words.textContent = "网络不通，恢复后会自动继续显示。任务不受影响。";
    }
    pause = Math.min(pause * 1.1, 5000);
    setTimeout(look, pause);
  }

  setTimeout(look, pause);
})();
