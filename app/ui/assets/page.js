// What only a browser can do: the draft of an unsent answer, the clock, the keys, the address line,
// replay and downloads. The truth about a session is in the store, never here.
(() => {
  const $ = (selector) => document.querySelector(selector);
  const box = () => $("#answer textarea");
  const value = (id) => $(`#${id} textarea, #${id} input`)?.value ?? "";
  const press = (id) => {
    const button = $(`#${id}`);
    if (!button || button.disabled || button.offsetParent === null) return false;
    button.click();
    return true;
  };

  // --- what is being done, said before the server has heard of it -------------------------------
  const DOING = {
    begin: "Opening the interview", send: "Saving", stop: "Stopping", continue: "Going on",
    embedded: "Going on without the model", hint: "Fetching a hint", skip: "Going on",
    undo: "Taking the answer back", reopen: "Taking the answer back", pause: "Setting the clock",
    "end-now": "Grading what you answered", "to-feedback": "Opening the feedback",
    new: "Opening the choice", retry: "Grading again what is open", "to-replay": "Opening the replay",
    "export-md": "Writing the file", "export-json": "Writing the file", "export-html": "Writing the file",
    "search-go": "Searching",
  };
  const sayWhatIsDone = (words) =>
    document.documentElement.style.setProperty("--doing", JSON.stringify(`${words} …`));

  // --- the question before the end: nothing a server has to be asked about -----------------------
  const askToEnd = (open) => {
    $("#composer")?.classList.toggle("ending", open);
    if (open) $("#end-now")?.focus();
  };

  // --- theme: the system's choice, until somebody chooses ---------------------------------------
  const dark = () => {
    const chosen = localStorage.getItem("theme");
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const paint = () => {
    document.documentElement.dataset.theme = dark() ? "dark" : "light";
    document.body?.classList.toggle("dark", dark());
    const button = $("#theme");
    if (button) button.textContent = dark() ? "Light" : "Dark";
  };
  paint();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);

  // --- drafts -----------------------------------------------------------------------------------
  const draftKey = (place) => `draft:${place}`;
  // While a reply is under way there is no open question: what is typed then is for the next one.
  const ahead = () => (value("session-id") ? `${value("session-id")}/next` : "");
  const keepDraft = () => {
    const place = value("place") || ahead();
    if (!place || !box()) return;
    if (box().value) localStorage.setItem(draftKey(place), box().value);
    else localStorage.removeItem(draftKey(place));
  };

  // --- clock ------------------------------------------------------------------------------------
  let clockShown = "", clockSince = 0;
  const tick = () => {
    const clock = $(".clock");
    if (!clock) return;
    const stamp = `${clock.dataset.used}/${clock.dataset.clock}/${clock.dataset.total}`;
    if (stamp !== clockShown) [clockShown, clockSince] = [stamp, Date.now()];
    if (clock.dataset.clock !== "running") return;
    const left = clock.dataset.total - clock.dataset.used - (Date.now() - clockSince) / 1000;
    const whole = Math.floor(Math.abs(left));
    const text = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} `;
    clock.textContent = text + (left >= 0 ? "left" : "over");
    clock.classList.toggle("over", left < 0);
  };
  setInterval(tick, 500);

  // --- replay -----------------------------------------------------------------------------------
  let playing = 0;
  const replay = () => $(".replay");
  const showStep = (number, scroll = true) => {
    const root = replay();
    if (!root) return;
    const steps = [...root.querySelectorAll("[data-step]")];
    const at = Math.max(1, Math.min(steps.length, number));
    steps.forEach((step, index) => {
      step.hidden = index >= at;
      step.classList.toggle("current", index === at - 1);
    });
    root.querySelector("[data-replay=jump]").value = at;
    root.querySelector(".replay-count").textContent = `Step ${at} of ${steps.length}`;
    root.dataset.at = at;
    const url = new URL(location.href);
    url.searchParams.set("step", at);
    history.replaceState(null, "", url);
    if (scroll) steps[at - 1]?.scrollIntoView({ block: "nearest" });
    if (at === steps.length) pauseReplay();
  };
  const pauseReplay = () => {
    clearInterval(playing);
    playing = 0;
    const button = replay()?.querySelector("[data-replay=play]");
    if (button) button.textContent = "Play";
  };
  const playReplay = () => {
    const root = replay();
    if (Number(root.dataset.at) >= root.querySelectorAll("[data-step]").length) showStep(1);
    root.querySelector("[data-replay=play]").textContent = "Pause";
    playing = setInterval(() => showStep(Number(replay()?.dataset.at ?? 0) + 1), 1500);
  };
  const REPLAY = {
    first: () => showStep(1),
    back: () => showStep(Number(replay().dataset.at) - 1),
    play: () => (playing ? pauseReplay() : playReplay()),
    next: () => showStep(Number(replay().dataset.at) + 1),
    last: () => showStep(Infinity),
    link: (button) => {
      navigator.clipboard?.writeText(location.href);
      button.textContent = "Link copied";
    },
  };

  // --- hidden fields: what the server has just said ----------------------------------------------
  const arrival = new URLSearchParams(location.search); // as the page was opened
  const visit = (url) => {
    const wanted = new URLSearchParams(url);
    const here = new URLSearchParams(location.search);
    // A step belongs to the replay that was linked to, also if the server names another view first.
    const same = (each) => ["session", "view"].every((name) => wanted.get(name) === each.get(name));
    const step = [here, arrival].find((each) => same(each) && each.has("step"))?.get("step");
    if (step) wanted.set("step", step);
    if (`${wanted}` !== `${here}`) history.pushState(null, "", `${location.pathname}?${wanted}`);
  };
  const fill = (text) => {
    box().value = text;
    box().dispatchEvent(new Event("input", { bubbles: true }));
  };
  let shownSession = "";
  const restoreDraft = (place) => {
    const session = place.split("/")[0];
    const another = shownSession && shownSession !== session;
    shownSession = session;
    const early = draftKey(ahead());
    const kept = localStorage.getItem(draftKey(place)) ?? localStorage.getItem(early);
    localStorage.removeItem(early);
    if (kept || another) fill(kept ?? "");
    else keepDraft();
    const active = document.activeElement;
    const writing = !active || active === document.body || active.closest("#composer");
    if (writing && !$(".ending")) box().focus(); // the question before the end keeps the focus
    [...document.querySelectorAll("#talk .said")].at(-1)?.scrollIntoView({ block: "nearest" });
  };
  const download = (file) => {
    const { name, type, text } = JSON.parse(file);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const WATCHED = { url: visit, place: restoreDraft, "export-file": download };
  const seen = {};
  let shownBox;
  const watch = () => {
    // The place may be named before the box is drawn, and a box drawn anew has lost its text.
    if (box() !== shownBox) [shownBox, seen.place] = [box(), ""];
    for (const [id, act] of Object.entries(WATCHED)) {
      if (id === "place" && !shownBox) continue;
      const now = value(id);
      if (now !== (seen[id] ?? "")) {
        seen[id] = now;
        if (now) act(now);
      }
    }
    const root = replay();
    if (root && !root.dataset.ready) {
      pauseReplay();
      root.dataset.ready = "yes";
      const here = new URLSearchParams(location.search);
      const same = here.get("session") === arrival.get("session");
      const linked = here.get("step") ?? (same ? arrival.get("step") : null);
      arrival.delete("step");
      showStep(Number(linked) || Infinity, false);
    }
  };
  setInterval(watch, 120);
  setInterval(paint, 1000); // Gradio sets its own theme once it has loaded
  addEventListener("popstate", () => location.reload());

  // Gradio's page has a base address, so a plain #fragment would leave the page.
  const light = (id) => {
    document.querySelectorAll(".lit").forEach((each) => each.classList.remove("lit"));
    const quote = document.getElementById(id);
    if (!quote) return;
    quote.classList.add("lit");
    quote.tabIndex = -1;
    quote.focus({ preventScroll: true });
    quote.scrollIntoView({ block: "center", behavior: "smooth" });
  };

  // --- listening --------------------------------------------------------------------------------
  document.addEventListener("input", (event) => {
    if (event.target === box()) keepDraft();
    if (event.target.dataset?.replay === "jump") showStep(Number(event.target.value));
  });
  document.addEventListener("click", (event) => {
    const control = event.target.closest("[data-replay]");
    if (control && REPLAY[control.dataset.replay]) REPLAY[control.dataset.replay](control);
    const jump = event.target.closest('a[href^="#"]');
    if (jump) {
      event.preventDefault();
      light(jump.getAttribute("href").slice(1));
    }
    if (event.target.closest("#theme")) {
      localStorage.setItem("theme", dark() ? "light" : "dark");
      paint();
    }
    if (event.target.closest("#end")) askToEnd(true);
    if (event.target.closest("#stay, #end-now")) askToEnd(false);
    if (event.target.closest("#stay")) box()?.focus();
  });
  // Before Gradio hears of it, so that the words are there when the waiting begins to show.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) sayWhatIsDone(DOING[button.id] ?? "One moment");
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.closest("#search")) sayWhatIsDone(DOING["search-go"]);
    if (event.key === "Escape" && event.target.closest("#confirm")) askToEnd(false);
    if (event.target === box() && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      press("send");
    } else if (event.altKey && !event.ctrlKey && !event.metaKey) {
      const wanted = { KeyH: "hint", KeyS: "skip", KeyE: "end" }[event.code];
      if (wanted && press(wanted)) event.preventDefault();
    }
  });
  document.addEventListener("DOMContentLoaded", paint);
})();
