'use strict';
// The map: the rest of the page needs no script.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const canvas = document.getElementById('plane');
  document.documentElement.dataset.script = 'ran';
  if (!canvas) return;
  const frame = canvas.parentNode;
  const tip = document.getElementById('tip');
  const choice = document.getElementById('class');
  const pictures = document.getElementById('pictures');
  const points = data.points.map(([x, y, label, right, slot, nearest]) => ({x, y, label, right, slot, nearest}));
  const view = {zoom: 1, x: 0.5, y: 0.5}; // the middle, in the map's own unit square
  const margin = 28;
  let chosen = -1; // a class
  let pointed = null; // a point
  let width = 0;
  let height = 0;
  let pen = null;

  // The sprite lies in the style sheet once; the canvas takes it from there.
  const sprite = new Image();
  const probe = document.querySelector('.p');
  sprite.onload = draw;
  sprite.src = getComputedStyle(probe).backgroundImage.replace(/^url\(["']?|["']?\)$/g, '');

  const names = data.names;
  const present = [...new Set(points.map(p => p.label))].sort((a, b) => names[a].localeCompare(names[b]));
  for (const label of present) choice.add(new Option(names[label], label));

  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
  const place = p => [
    width / 2 + (p.x - view.x) * (width - 2 * margin) * view.zoom,
    height / 2 + (p.y - view.y) * (height - 2 * margin) * view.zoom,
  ];

  function resize() {
    const ratio = window.devicePixelRatio || 1;
    width = canvas.clientWidth;
    height = canvas.clientHeight;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    pen = canvas.getContext('2d');
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw();
  }

  function thumbnail(p, side, edge) {
    const [x, y] = place(p);
    const left = x - side / 2;
    const top = y - side / 2;
    pen.fillStyle = edge;
    pen.fillRect(left - 2, top - 2, side + 4, side + 4);
    if (sprite.complete) {
      pen.drawImage(sprite, (p.slot % data.columns) * data.side, Math.floor(p.slot / data.columns) * data.side,
        data.side, data.side, left, top, side, side);
    }
  }

  function draw() {
    if (!pen) return;
    const style = getComputedStyle(document.documentElement);
    const colour = name => style.getPropertyValue(name).trim();
    const right = colour('--right');
    const wrong = colour('--wrong');
    pen.clearRect(0, 0, width, height);
    pen.globalAlpha = chosen === -1 ? 1 : 0.3;
    for (const p of points) {
      if (p.label === chosen) continue;
      if (pictures.checked) {
        thumbnail(p, 22, p.right ? right : wrong);
        continue;
      }
      const [x, y] = place(p);
      pen.beginPath();
      if (p.right) {
        pen.fillStyle = right;
        pen.arc(x, y, 3.2, 0, 7);
        pen.fill();
      } else {
        pen.strokeStyle = wrong;
        pen.lineWidth = 1.8;
        pen.moveTo(x - 3.2, y - 3.2);
        pen.lineTo(x + 3.2, y + 3.2);
        pen.moveTo(x + 3.2, y - 3.2);
        pen.lineTo(x - 3.2, y + 3.2);
        pen.stroke();
      }
    }
    pen.globalAlpha = 1;
    for (const p of points) if (p.label === chosen) thumbnail(p, 36, p.right ? right : wrong);
    if (pointed) thumbnail(pointed, 44, colour('--lead'));
    describe();
  }

  function describe() {
    tip.hidden = !pointed;
    if (!pointed) return;
    const picture = document.createElement('i');
    picture.className = 'p';
    picture.style.setProperty('--x', pointed.slot % data.columns);
    picture.style.setProperty('--y', Math.floor(pointed.slot / data.columns));
    const words = document.createElement('div');
    const name = document.createElement('b');
    name.textContent = names[pointed.label];
    const nearest = document.createElement('span');
    nearest.textContent = pointed.right ? '✓ nearest: the same class' : '✗ nearest: ' + names[pointed.nearest];
    words.append(name, nearest);
    tip.replaceChildren(picture, words);
    const [x, y] = place(pointed);
    const beside = x + 34 + tip.offsetWidth > width ? x - 34 - tip.offsetWidth : x + 34;
    tip.style.transform = `translate(${clamp(beside, 4, Math.max(4, width - tip.offsetWidth - 4))}px, ` +
      `${clamp(y - tip.offsetHeight / 2, 4, height - tip.offsetHeight - 4)}px)`;
  }

  function find(event) {
    const box = canvas.getBoundingClientRect();
    let best = null;
    let least = 24 * 24;
    for (const p of points) {
      const [x, y] = place(p);
      const distance = (x - event.clientX + box.left) ** 2 + (y - event.clientY + box.top) ** 2;
      if (least > distance) {
        least = distance;
        best = p;
      }
    }
    return best;
  }

  function point(event) {
    const found = find(event);
    if (found === pointed) return;
    pointed = found;
    chosen = found ? found.label : Number(choice.value || -1);
    draw();
  }

  function zoom(factor) {
    view.zoom = clamp(view.zoom * factor, 1, 16);
    pan(0, 0);
  }

  function pan(dx, dy) {
    const half = 0.5 / view.zoom;
    view.x = clamp(view.x - dx / ((width - 2 * margin) * view.zoom), half, 1 - half);
    view.y = clamp(view.y - dy / ((height - 2 * margin) * view.zoom), half, 1 - half);
    frame.classList.toggle('zoomed', view.zoom > 1);
    draw();
  }

  let from = null;
  canvas.addEventListener('pointerdown', event => {
    from = view.zoom > 1 ? event : null;
    point(event);
  });
  canvas.addEventListener('pointermove', event => {
    if (from) {
      pan(event.clientX - from.clientX, event.clientY - from.clientY);
      from = event;
    } else if (event.pointerType === 'mouse') {
      point(event);
    }
  });
  for (const end of ['pointerup', 'pointercancel', 'pointerleave']) {
    canvas.addEventListener(end, event => {
      from = null;
      if (end === 'pointerleave' && event.pointerType === 'mouse') {
        pointed = null;
        chosen = Number(choice.value || -1);
        draw();
      }
    });
  }
  choice.addEventListener('change', () => {
    pointed = null;
    chosen = Number(choice.value || -1);
    draw();
  });
  pictures.addEventListener('change', draw);
  document.getElementById('in').addEventListener('click', () => zoom(1.6));
  document.getElementById('out').addEventListener('click', () => zoom(1 / 1.6));
  window.addEventListener('resize', resize);
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  resize();
})();
