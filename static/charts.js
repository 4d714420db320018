// Draws each chart from the table in its card; a bar or a point opens the rows that it counts.
(() => {
  if (!window.echarts) return;
  const look = getComputedStyle(document.documentElement);
  const colour = look.getPropertyValue("--tblr-primary").trim();
  const ink = look.getPropertyValue("--ink").trim();
  const quiet = look.getPropertyValue("--quiet").trim();
  const line = look.getPropertyValue("--line").trim();
  // In care mode the style sheet sets the size of every text, also of those in a drawing: room is made for it.
  const fontSize = document.documentElement.classList.contains("care") ? Number.parseFloat(getComputedStyle(document.body).fontSize) : 12;
  const font = { fontFamily: getComputedStyle(document.body).fontFamily, fontSize, color: ink };

  const base = { animation: false, textStyle: font, grid: { left: 4, right: 28, top: 24, bottom: 4, containLabel: true } };
  const numbersAxis = { type: "value", minInterval: 1, axisLabel: { color: quiet, fontSize, hideOverlap: true }, splitLine: { lineStyle: { color: line } } };
  const namesAxis = (labels) => ({ type: "category", data: labels, axisTick: { show: false }, axisLine: { lineStyle: { color: line } }, axisLabel: { color: ink, fontSize } });

  const options = {
    // Names of several characters are read beside lying bars, from the top down.
    bar: (labels, counts) => ({
      ...base, xAxis: numbersAxis, yAxis: { ...namesAxis(labels), inverse: true },
      series: [{ type: "bar", data: counts, barMaxWidth: 26, itemStyle: { color: colour }, label: { show: true, position: "right", color: ink, fontSize } }],
    }),
    line: (labels, counts) => ({
      ...base, yAxis: numbersAxis, xAxis: { ...namesAxis(labels.map((label) => label.replace(/^\d+年/, ""))), axisLabel: { color: ink, fontSize, interval: labels.length > 8 ? 1 : 0, hideOverlap: true } },
      series: [{
        type: "line", data: counts, symbol: "circle", symbolSize: 12, itemStyle: { color: colour }, lineStyle: { color: colour, width: 2 },
        label: { show: true, position: "top", distance: 8, color: ink, fontSize, textBorderColor: "#fff", textBorderWidth: 3 },
        labelLayout: { hideOverlap: true },
      }],
    }),
  };

  document.querySelectorAll("[data-chart]").forEach((card) => {
    const numbers = card.querySelector(".numbers");
    const rows = [...numbers.querySelectorAll("tbody tr")];
    const links = rows.map((row) => row.querySelector("a"));
    const labels = rows.map((row) => row.querySelector("th").textContent);
    const counts = links.map((link) => Number.parseFloat(link.textContent));
    const plot = document.createElement("div");
    plot.className = "plot";
    plot.setAttribute("role", "img");
    plot.setAttribute("aria-label", `${card.closest("section").querySelector("h2").textContent}，数字在下面“看数字”里`);
    card.prepend(plot);
    numbers.open = false;
    const chart = echarts.init(plot, null, { renderer: "svg" });
    chart.setOption(options[card.dataset.chart](labels, counts));
    chart.on("click", (event) => { if (links[event.dataIndex]) location.assign(links[event.dataIndex].href); });
    window.addEventListener("resize", () => chart.resize());
    window.addEventListener("beforeprint", () => { numbers.open = true; });
    window.addEventListener("afterprint", () => { numbers.open = false; });
  });
})();
