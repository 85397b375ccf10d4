//! The look of the window in one place: spacing, radii and type sizes here, in `tokens` the colours by meaning.
//!
//! Panels never name a colour: they ask [`Tokens::of`] for what a thing *means*. [`install`] gives egui's own
//! widgets the same look.

mod tokens;

use egui::{
    Color32, Context, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, TextStyle, Vec2, Visuals,
};

pub use self::tokens::Tokens;
use self::tokens::{DARK, LIGHT, mix};
use crate::model::desk::{self, Preferences};

/// Gaps between things, in points: half, one and two steps of the same rhythm.
pub const GAP_SMALL: f32 = 4.0;
pub const GAP: f32 = 8.0;
pub const GAP_LARGE: f32 = 16.0;

/// Corners of cards and windows, and of widgets inside them.
pub const RADIUS_CARD: u8 = 8;
pub const RADIUS_WIDGET: u8 = 6;

/// Sizes of type, in points.
pub const TEXT_SMALL: f32 = 11.5;
pub const TEXT_BODY: f32 = 13.5;
pub const TEXT_HEADING: f32 = 17.0;
pub const TEXT_MONO: f32 = 12.5;

/// Gives egui's widgets this look, in both themes, and follows the system's choice between them.
pub fn install(ctx: &Context) {
    for (theme, tokens) in [(egui::Theme::Light, &LIGHT), (egui::Theme::Dark, &DARK)] {
        ctx.style_mut_of(theme, |style| {
            set_type_and_spacing(style);
            style.visuals = visuals(tokens);
        });
    }
    ctx.options_mut(|options| {
        options.theme_preference = egui::ThemePreference::System;
        // Many Linux desktops do not tell; paper is the safer guess for a drawing.
        options.fallback_theme = egui::Theme::Light;
    });
}

/// The colours and the motion that the user prefers.
pub fn prefer(ctx: &Context, preferences: &Preferences) {
    ctx.set_theme(match preferences.theme {
        desk::Theme::Desktop => egui::ThemePreference::System,
        desk::Theme::Light => egui::ThemePreference::Light,
        desk::Theme::Dark => egui::ThemePreference::Dark,
    });
    let usual = egui::Style::default();
    ctx.all_styles_mut(|style| {
        (style.animation_time, style.scroll_animation) = if preferences.reduce_motion {
            (0.0, egui::style::ScrollAnimation::none())
        } else {
            (usual.animation_time, usual.scroll_animation)
        };
    });
}

fn set_type_and_spacing(style: &mut egui::Style) {
    use FontFamily::{Monospace, Proportional};
    style.text_styles = [
        (TextStyle::Small, FontId::new(TEXT_SMALL, Proportional)),
        (TextStyle::Body, FontId::new(TEXT_BODY, Proportional)),
        (TextStyle::Button, FontId::new(TEXT_BODY, Proportional)),
        (
            TextStyle::Heading,
            FontId::new(TEXT_HEADING, super::fonts::bold()),
        ),
        (TextStyle::Monospace, FontId::new(TEXT_MONO, Monospace)),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::new(GAP, 6.0);
    spacing.button_padding = Vec2::new(10.0, 5.0);
    spacing.interact_size = Vec2::new(28.0, 26.0);
    spacing.window_margin = Margin::same(14);
    spacing.menu_margin = Margin::same(6);
    spacing.indent = 16.0;
    spacing.icon_width = 16.0;
    spacing.combo_width = 120.0;
    spacing.tooltip_width = 360.0;
    // In the colour of text: the usual ones are as light as the panels below them.
    spacing.scroll = egui::style::ScrollStyle {
        foreground_color: true,
        floating_width: 3.0,
        dormant_background_opacity: 0.0,
        active_background_opacity: 0.0,
        interact_background_opacity: 0.3,
        dormant_handle_opacity: 0.3,
        active_handle_opacity: 0.45,
        interact_handle_opacity: 0.7,
        ..egui::style::ScrollStyle::thin()
    };
}

fn visuals(tokens: &Tokens) -> Visuals {
    let mut visuals = if tokens.is_dark {
        Visuals::dark()
    } else {
        Visuals::light()
    };
    visuals.override_text_color = None;
    visuals.weak_text_color = Some(tokens.text_weak);
    visuals.hyperlink_color = tokens.accent;
    visuals.faint_bg_color = mix(tokens.panel, tokens.text, 0.035);
    visuals.extreme_bg_color = tokens.field;
    visuals.text_edit_bg_color = Some(tokens.field);
    visuals.code_bg_color = mix(tokens.panel, tokens.text, 0.06);
    visuals.warn_fg_color = tokens.warning;
    visuals.error_fg_color = tokens.error;
    visuals.panel_fill = tokens.panel;
    visuals.window_fill = tokens.card;
    visuals.window_stroke = Stroke::new(1.0, tokens.card_stroke);
    visuals.window_corner_radius = CornerRadius::same(RADIUS_CARD);
    visuals.menu_corner_radius = CornerRadius::same(RADIUS_CARD);
    visuals.window_shadow = Shadow {
        offset: [0, 8],
        blur: 28,
        spread: 0,
        color: tokens.shadow,
    };
    visuals.popup_shadow = Shadow {
        offset: [0, 4],
        blur: 14,
        spread: 0,
        color: tokens.shadow,
    };
    visuals.selection.bg_fill = tokens.selection;
    visuals.selection.stroke = Stroke::new(1.0, tokens.accent);
    visuals.indent_has_left_vline = false;
    visuals.slider_trailing_fill = true;
    visuals.handle_shape = egui::style::HandleShape::Circle;
    visuals.disabled_alpha = 0.55;

    let corner = CornerRadius::same(RADIUS_WIDGET);
    let widget = |fill: Color32, stroke: Color32, text: Color32| egui::style::WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, stroke),
        corner_radius: corner,
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    let button = |share: f32| mix(tokens.card, tokens.text, share);
    visuals.widgets.noninteractive = widget(tokens.panel, tokens.line, tokens.text);
    visuals.widgets.inactive = widget(button(0.03), tokens.card_stroke, tokens.text);
    visuals.widgets.hovered = widget(button(0.08), tokens.card_stroke_hovered, tokens.text);
    visuals.widgets.active = widget(button(0.13), tokens.accent, tokens.text);
    visuals.widgets.open = widget(button(0.06), tokens.card_stroke_hovered, tokens.text);
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_themes_are_installed() {
        let ctx = Context::default();
        install(&ctx);
        for theme in [egui::Theme::Light, egui::Theme::Dark] {
            let style = ctx.style_of(theme);
            let tokens = Tokens::of(&style.visuals);
            assert_eq!(tokens.is_dark, theme == egui::Theme::Dark);
            assert_eq!(style.visuals.panel_fill, tokens.panel);
        }
    }
}
