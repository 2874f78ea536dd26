package dev.unnoise.graph.run;

/**
 * Classifier-free guidance (Ho and Salimans 2022): m = m_null + scale · (m_label - m_null). A learned variance comes
 * from the labelled evaluation.
 *
 * @param scale the guidance weight w; 1 is the labelled evaluation alone
 * @param nullLabel the label that stands for none
 */
public record Guidance(double scale, int nullLabel) {}
