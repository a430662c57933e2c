// The phone page works without this. With it: a count of own words, one tap to share, and a copy button.
(() => {
  const form = document.querySelector("[data-mission]");
  const words = (text) => (text.normalize("NFKC").match(/[\p{L}\p{N}]+/gu) || []).map((word) => word.toLowerCase());

  if (form) {
    const area = form.querySelector("textarea");
    const count = form.querySelector("[data-count]");
    const problem = form.querySelector("[data-problem]");
    const starters = [...form.querySelectorAll("[data-starter]")];

    const own = (text) => {
      const said = words(text);
      let taken = 0;
      for (const starter of starters) {
        const begun = words(starter.dataset.starter);
        let same = 0;
        while (same < begun.length && said[same] === begun[same]) same += 1;
        taken = Math.max(taken, same);
      }
      return said.length - taken;
    };
    const tell = () => {
      const enough = own(area.value) >= Number(form.dataset.min);
      const letters = area.value.trim().length;
      count.textContent = (enough ? count.dataset.enough : count.dataset.few).replace("{n}", letters);
    };
    area.addEventListener("input", tell);
    tell();

    for (const starter of starters) {
      starter.hidden = false;
      starter.addEventListener("click", () => {
        area.value = `${starter.dataset.starter.replace(/[….\s]+$/u, "")} `;
        area.focus();
        tell();
      });
    }

    const word = async () => {
      const body = new FormData(form);
      body.set("intent", "word");
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      return { ok: answer.ok, ...(await answer.json()) };
    };
    const share = async (said) => {
      try {
        await navigator.share({ text: said.text, url: said.url || undefined });
      } catch (error) {
        if (error.name === "AbortError") return;
      }
      window.location.assign(form.action);
    };
    form.addEventListener("submit", async (event) => {
      if (!navigator.share || event.submitter?.value !== "word") return;
      event.preventDefault();
      const said = await word().catch(() => null);
      if (!said) {
        form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "intent", value: "word" }));
        return form.submit();
      }
      if (said.ok) return share(said);
      problem.textContent = said.problem;
      problem.hidden = false;
      area.focus();
    });
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).value);
      button.textContent = button.dataset.done;
    });
  }

  for (const button of document.querySelectorAll("[data-share]")) {
    if (!navigator.share) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      navigator.share({ text: button.dataset.share, url: button.dataset.url || undefined }).catch(() => undefined);
    });
  }
})();
