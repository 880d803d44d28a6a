from flask import Blueprint

bp = Blueprint("deep_link", __name__)
