//! The window's icon, drawn: a primary above two standbys.

use egui::IconData;

const SIZE: u32 = 64;

/// Centre, radius and colour of each server.
const SERVERS: [([f32; 2], f32, [u8; 3]); 3] = [
    ([32.0, 17.0], 10.0, [0x62, 0xA8, 0xF5]),
    ([16.0, 46.0], 8.0, [0x4C, 0xD0, 0xB6]),
    ([48.0, 46.0], 8.0, [0xA6, 0xB4, 0xC7]),
];
const GROUND: [u8; 3] = [0x17, 0x1D, 0x26];
const LINK: [u8; 3] = [0x66, 0x77, 0x8E];
const CORNER: f32 = 14.0;

pub fn icon() -> IconData {
    let mut rgba = Vec::with_capacity((SIZE * SIZE * 4) as usize);
    for y in 0..SIZE {
        for x in 0..SIZE {
            rgba.extend(pixel([x as f32 + 0.5, y as f32 + 0.5]));
        }
    }
    IconData {
        rgba,
        width: SIZE,
        height: SIZE,
    }
}

fn pixel(at: [f32; 2]) -> [u8; 4] {
    let half = SIZE as f32 / 2.0;
    let over = |axis: f32| ((axis - half).abs() - (half - CORNER)).max(0.0);
    let alpha = cover(CORNER - over(at[0]).hypot(over(at[1])));
    let mut colour = GROUND;
    let [(from, ..), standbys @ ..] = SERVERS;
    for (to, ..) in standbys {
        colour = mix(colour, LINK, cover(2.0 - distance_to_line(at, from, to)));
    }
    for (centre, radius, own) in SERVERS {
        let distance = (at[0] - centre[0]).hypot(at[1] - centre[1]);
        colour = mix(colour, own, cover(radius - distance));
    }
    let [r, g, b] = colour;
    [r, g, b, (alpha * 255.0) as u8]
}

/// From outside (0) to inside (1) over one pixel.
fn cover(inside: f32) -> f32 {
    (inside + 0.5).clamp(0.0, 1.0)
}

fn distance_to_line(at: [f32; 2], from: [f32; 2], to: [f32; 2]) -> f32 {
    let along = [to[0] - from[0], to[1] - from[1]];
    let length = along[0].mul_add(along[0], along[1] * along[1]);
    let share = ((at[0] - from[0]) * along[0] + (at[1] - from[1]) * along[1]) / length;
    let share = share.clamp(0.0, 1.0);
    (at[0] - from[0] - share * along[0]).hypot(at[1] - from[1] - share * along[1])
}

fn mix(under: [u8; 3], over: [u8; 3], share: f32) -> [u8; 3] {
    std::array::from_fn(|channel| {
        let (below, above) = (f32::from(under[channel]), f32::from(over[channel]));
        (above - below).mul_add(share, below).round() as u8
    })
}
