import type { Page } from 'playwright-core';

/** What a page looks like where it is hard to read or to hit. Lists name what is wrong. */
export interface PageMeasures {
  readonly scrollWidth: number;
  readonly clientWidth: number;
  /** Targets below 24 CSS pixels, and buttons below 44. */
  readonly small: readonly string[];
  /** Text below 12 CSS pixels. */
  readonly tiny: readonly string[];
  /** Text with a contrast below 4.5:1 against what is behind it. */
  readonly faint: readonly string[];
}

/** Measured in the page, by what the browser computed. Transparent colours do not occur on our pages and count as faint. */
export const measure = (page: Page): Promise<PageMeasures> =>
  page.evaluate<PageMeasures>(`(() => {
    const TARGETS = 'a[href], button, summary, label.choice, textarea, input:not([type=hidden]):not([type=radio])';
    const name = (element) => element.tagName + ' ' + (element.innerText ?? '').trim().slice(0, 40);
    const isShown = (element) => {
      const { width, height } = element.getBoundingClientRect();
      return width > 1 && height > 1 && getComputedStyle(element).visibility !== 'hidden';
    };
    const isBelow = (element) => {
      const { width, height } = element.getBoundingClientRect();
      const least = element.matches('button, summary, label.choice') ? 43.5 : 24;
      return height < least || width < 24;
    };
    const channels = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
    const light = (colour) => {
      const [r, g, b] = channels(colour).map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        if (channels(colour)[3] !== 0) return colour;
      }
      return 'rgb(255, 255, 255)';
    };
    const contrast = (element) => {
      const [a, b] = [light(getComputedStyle(element).color), light(behind(element))].sort((x, y) => y - x);
      return (a + 0.05) / (b + 0.05);
    };
    const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const texts = [...document.body.querySelectorAll('*')].filter((element) => element.tagName !== 'STYLE' && hasText(element) && isShown(element));
    const { scrollWidth, clientWidth } = document.documentElement;
    return {
      scrollWidth,
      clientWidth,
      small: [...document.querySelectorAll(TARGETS)].filter((element) => isShown(element) && isBelow(element)).map(name),
      tiny: texts.filter((element) => parseFloat(getComputedStyle(element).fontSize) < 12).map(name),
      faint: texts.filter((element) => contrast(element) < 4.5).map(name),
    };
  })()`);
