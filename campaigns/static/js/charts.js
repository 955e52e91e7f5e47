// Draws every [data-chart] from its JSON attribute with ECharts, in the page's colours; loads ECharts only when needed.
(() => {
  const source = document.currentScript.dataset.echarts;
  const palette = {
    light: ["#146c5c", "#d08a2e", "#3f6fb5", "#a8577e", "#6b7a3a", "#7a5bb0"],
    dark: ["#58c9b3", "#e8b061", "#86b2ee", "#dc93b6", "#b3c573", "#b79bea"],
  };
  const drawn = new Map();
  let loading;
  const fitting = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    const instance = drawn.get(target.closest("[data-chart]"));
    if (instance && target.offsetWidth) instance.resize();
  }));

  const load = () => loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });

  const colour = (name) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };

  const list = (value) => value === undefined ? [] : Array.isArray(value) ? value : [value];

  // Calm defaults; whatever the page says wins.
  const dressed = (option, width) => {
    const ink = colour("--ink"), soft = colour("--ink-soft"), line = colour("--line"), paper = colour("--paper");
    const axis = (given, edges = {}) => ({
      ...given,
      axisLine: { show: given.type !== "value", lineStyle: { color: line }, ...given.axisLine },
      axisTick: { show: false, ...given.axisTick },
      axisLabel: { color: soft, hideOverlap: true, ...edges, ...given.axisLabel },
      splitLine: { show: given.type === "value", lineStyle: { color: line }, ...given.splitLine },
      nameTextStyle: { color: soft, ...given.nameTextStyle },
    });
    const legend = option.legend ? { bottom: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, ...option.legend, textStyle: { color: soft } } : undefined;
    const names = list(option.series).map((series) => series.name ?? "");
    const legendLines = legend ? Math.ceil(names.reduce((sum, name) => sum + name.length * 7 + 34, 0) / width) : 0;
    const dressedOption = {
      color: palette[document.documentElement.dataset.bsTheme] ?? palette.light,
      animationDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 350,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink },
      grid: { left: 10, right: 12, top: 16, bottom: legendLines ? 14 + legendLines * 22 : 6, containLabel: true },
      ...option,
      legend,
      tooltip: {
        trigger: option.xAxis ? "axis" : "item", confine: true, backgroundColor: paper, borderColor: line,
        textStyle: { color: ink }, ...option.tooltip,
      },
    };
    if (option.xAxis) dressedOption.xAxis = list(option.xAxis).map((one) => axis({ type: "category", ...one }, { alignMinLabel: "left", alignMaxLabel: "right" }));
    if (option.yAxis) dressedOption.yAxis = list(option.yAxis).map((one) => axis({ type: "value", ...one }));
    dressedOption.series = list(option.series).map((series) => ({
      ...(series.type === "line" ? { smooth: 0.2, showSymbol: false, lineStyle: { width: 2.5 } } : {}),
      ...(series.type === "bar" ? { barMaxWidth: 28, itemStyle: { borderRadius: [4, 4, 0, 0] } } : {}),
      ...series,
    }));
    return dressedOption;
  };

  const draw = (box) => {
    const canvas = box.querySelector(".chart-canvas");
    const instance = window.echarts.init(canvas, null, { renderer: "svg" });
    instance.setOption(dressed(JSON.parse(canvas.dataset.option), canvas.clientWidth || 600));
    drawn.set(box, instance);
    fitting.observe(canvas);
  };

  const show = (box, view) => {
    box.dataset.view = view;
    box.querySelectorAll("[data-chart-show]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.chartShow === view));
    });
    if (view !== "chart") return;
    if (drawn.has(box)) drawn.get(box).resize(); else draw(box);
  };

  const start = async (root) => {
    const boxes = [...root.querySelectorAll?.("[data-chart]") ?? []];
    if (root.matches?.("[data-chart]")) boxes.push(root);
    if (!boxes.length) return;
    await load();
    boxes.filter((box) => !drawn.has(box)).forEach((box) => {
      box.querySelector(".chart-switch").hidden = false;
      show(box, "chart");
    });
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-chart-show]");
    if (button) show(button.closest("[data-chart]"), button.dataset.chartShow);
  });
  document.addEventListener("theme-changed", () => drawn.forEach((instance, box) => {
    instance.dispose();
    drawn.delete(box);
    if (box.isConnected && box.dataset.view === "chart") draw(box);
  }));
  document.addEventListener("htmx:load", (event) => start(event.target));
  start(document);
})();
