'use strict';
(() => {
  document.documentElement.classList.add('scripted');

  /* A finding that an address leads to is shown open. */
  const openTarget = () => {
    let name = '';
    try { name = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const target = name && document.getElementById(name);
    if (target && target.tagName === 'DETAILS') target.open = true;
  };
  addEventListener('hashchange', openTarget);
  openTarget();

  /* Boxes of one name widen each other; boxes of different names, and the text, narrow. */
  for (const part of document.querySelectorAll('[data-filter]')) {
    const bar = part.querySelector('.filter');
    if (!bar) continue;
    const search = bar.querySelector('input[type=search]');
    const boxes = [...bar.querySelectorAll('input[type=checkbox]')];
    const count = bar.querySelector('.count');
    const folds = [...part.querySelectorAll('details.fold')];
    const rows = [...part.querySelectorAll('[data-tags]')].map((row) => ({
      row, tags: new Set(row.dataset.tags.split(' ')), text: null, shown: true, chunk: row.closest('.chunk'),
    }));
    const chunks = [...part.querySelectorAll('.chunk')];
    const apply = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const groups = new Map();
      for (const box of boxes) {
        if (box.checked) groups.set(box.name, [...(groups.get(box.name) || []), box.value]);
      }
      if (words.length || groups.size) for (const fold of folds) fold.open = true;
      const used = new Set();
      let shown = 0;
      for (const one of rows) {
        let fits = true;
        for (const values of groups.values()) fits = fits && values.some((value) => one.tags.has(value));
        if (fits && words.length) {
          one.text ??= one.row.textContent.toLowerCase();
          fits = words.every((word) => one.text.includes(word));
        }
        if (fits !== one.shown) {
          one.row.hidden = !fits;
          one.shown = fits;
        }
        if (fits) used.add(one.chunk);
        shown += fits;
      }
      for (const chunk of chunks) chunk.hidden = !used.has(chunk);
      count.textContent = shown === rows.length ? `All ${rows.length} shown.` : `${shown} of ${rows.length} shown.`;
    };
    bar.hidden = false;
    bar.addEventListener('input', apply);
    bar.addEventListener('change', apply);
    apply();
  }
})();
